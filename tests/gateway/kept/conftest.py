from collections.abc import AsyncIterator

import pytest

from tests.gateway.fakes import World
from tests.gateway.http import Http, connected


@pytest.fixture
async def http(world: World) -> AsyncIterator[Http]:
    async with connected(world.url) as session:
        yield session
