from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
import pytest_asyncio

from tests.llm.cloud.hurried import HurriedLoop
from tests.llm.cloud.peer import Peer, peer_server


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A test module that says `HURRIED_TIME = True` runs on a loop whose time can be put on."""
    hurried = getattr(getattr(item, "module", None), "HURRIED_TIME", False)
    return {"hurried": HurriedLoop} if hurried else {"real": asyncio.new_event_loop}


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    async with peer_server() as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
