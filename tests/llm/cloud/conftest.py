from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.llm.cloud.peer import Peer, peer_server


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    async with peer_server() as running:
        yield running


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
