from collections.abc import AsyncIterator

import pytest

from tests.gateway.fakes import World, running_world
from tests.support.loops import pytest_asyncio_loop_factories  # noqa: F401  (a hook)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running_world(trust_loopback=False) as running:
        yield running
