"""A test module that says `VIRTUAL_TIME = True` runs on an event loop whose time jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.virtual import VirtualTimeLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    virtual = getattr(getattr(item, "module", None), "VIRTUAL_TIME", False)
    return {"virtual": VirtualTimeLoop} if virtual else {"real": asyncio.new_event_loop}
