"""Sticks that speak something else than EZSP, as far as a silent port lets them come."""

from __future__ import annotations

import asyncio
import importlib
import os
import pty
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pichat.config.types import Radio, Zigbee
from pichat.errors import UnavailableError
from pichat.zigbee.stick.libraries import LIBRARIES, load_air, load_application
from tests.zigbee.running import running_hub

OTHERS: list[Radio] = ["znp", "deconz"]


@pytest.fixture
def silent_port() -> Iterator[tuple[int, str]]:
    """Our end of a port behind which nobody is, and its path."""
    ours, theirs = pty.openpty()
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def installed(radio: Radio) -> None:
    pytest.importorskip(LIBRARIES[radio].package)


@pytest.mark.parametrize("radio", OTHERS)
async def test_another_library_opens_the_port_and_leaves_nothing(
    tmp_path: Path, silent_port: tuple[int, str], radio: Radio
) -> None:
    installed(radio)
    ours, path = silent_port
    async with running_hub(tmp_path, Zigbee(path=path, radio=radio)) as running:
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()
        loop.add_reader(ours, heard.set)
        async with asyncio.timeout(10):
            await heard.wait()  # for what it asks the stick first
        loop.remove_reader(ours)
        assert "zigbee" not in running.health.parts()
        began_s = loop.time()
    assert loop.time() - began_s < 5
    assert not [thread for thread in threading.enumerate() if "aiosqlite" in thread.name]


@pytest.mark.long
@pytest.mark.parametrize("radio", OTHERS)
async def test_a_silent_stick_is_said(
    tmp_path: Path, silent_port: tuple[int, str], radio: Radio
) -> None:
    installed(radio)
    async with running_hub(tmp_path, Zigbee(path=silent_port[1], radio=radio)) as running:
        part = await running.until_status("degraded", 30)
        assert "does not answer" in (part.reason or "")
        assert LIBRARIES[radio].firmware in (part.reason or "")


@pytest.mark.parametrize("radio", OTHERS)
def test_its_failures_are_known(radio: Radio) -> None:
    installed(radio)
    failures = load_air(LIBRARIES[radio]).failures
    assert issubclass(importlib.import_module("zigpy.exceptions").DeliveryError, failures)
    assert TimeoutError in failures


def test_a_library_that_is_not_installed_is_told_how_to_get() -> None:
    absent = replace(LIBRARIES["znp"], package="pichat_has_no_such_library")
    with pytest.raises(UnavailableError, match=r"pip install pichat\[znp\]"):
        load_application(absent)
