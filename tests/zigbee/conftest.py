from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.zigbee.simulated import copy_house, house
from tests.zigbee.sleeping import Clock, sleeping_house


@pytest.fixture(scope="session")
def paired_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the memory of a stick, a hub and a store after the first start."""
    directory = tmp_path_factory.mktemp("paired")

    async def pair() -> None:
        async with house(directory, pair=True):
            pass

    asyncio.run(pair())
    return directory


@pytest.fixture(scope="session")
def paired_sleepers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the house of devices that sleep."""
    directory = tmp_path_factory.mktemp("sleepers")

    async def pair() -> None:
        async with sleeping_house(directory, Clock(), pair=True):
            pass

    asyncio.run(pair())
    return directory


@pytest.fixture
def known(paired_house: Path, tmp_path: Path) -> Path:
    """A copy of the paired house, for one test."""
    return copy_house(paired_house, tmp_path)
