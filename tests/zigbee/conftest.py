from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.once import made_once
from tests.zigbee.simulated import copy_house, house
from tests.zigbee.sleeping import Clock, sleeping_house


@pytest.fixture(scope="session")
def paired_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the memory of a stick, a hub and a store after the first start."""

    async def pair(directory: Path) -> None:
        async with house(directory, pair=True):
            pass

    copy = tmp_path_factory.mktemp("paired") / "copy"
    return made_once("paired", lambda directory: asyncio.run(pair(directory)), copy)


@pytest.fixture(scope="session")
def paired_sleepers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the house of devices that sleep."""

    async def pair(directory: Path) -> None:
        async with sleeping_house(directory, Clock(), pair=True):
            pass

    copy = tmp_path_factory.mktemp("sleepers") / "copy"
    return made_once("sleepers", lambda directory: asyncio.run(pair(directory)), copy)


@pytest.fixture
def known(paired_house: Path, tmp_path: Path) -> Path:
    """A copy of the paired house, for one test."""
    return copy_house(paired_house, tmp_path)
