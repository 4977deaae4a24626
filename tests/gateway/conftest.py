from collections.abc import AsyncIterator

import pytest

from tests.gateway.fakes import World, running_world
from tests.gateway.screen import Screen, connect
from tests.support.loops import pytest_asyncio_loop_factories  # noqa: F401  (a hook)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running_world() as running:
        yield running


@pytest.fixture
async def screen(world: World) -> AsyncIterator[Screen]:
    async with connect(world.url) as connected:
        yield connected
