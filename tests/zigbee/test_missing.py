"""The hub without a stick."""

from __future__ import annotations

import asyncio
import os
import pty
import threading
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.errors import NotFoundError, UnavailableError
from tests.zigbee.running import running_hub


async def test_a_missing_stick_degrades_at_once(tmp_path: Path) -> None:
    config = Zigbee(path=str(tmp_path / "ttyUSB0"))
    async with running_hub(tmp_path, config) as running:
        part = await running.until_status("degraded")
        assert part.reason == (
            f"The Zigbee stick {config.path} is not there. Plug it in, or set zigbee.path in the"
            " configuration."
        )
        assert running.hub.devices() == ()
        assert running.network() is None
        with pytest.raises(UnavailableError, match="is not there"):
            await running.parts.admission.permit(60)
        with pytest.raises(NotFoundError):
            await running.hub.set("00:11", "on_off", True)


async def test_no_zigbee_at_all(tmp_path: Path) -> None:
    async with running_hub(tmp_path, Zigbee(path="none")) as running:
        await running.until_status("off")


async def test_what_is_no_serial_device_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    async with running_hub(tmp_path, Zigbee(path=str(file))) as running:
        part = await running.until_status("degraded")
        assert "is not a serial device" in (part.reason or "")


async def test_a_stop_while_the_stick_is_silent_leaves_nothing(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        async with running_hub(tmp_path, Zigbee(path=os.ttyname(theirs))) as running:
            loop = asyncio.get_running_loop()
            heard = asyncio.Event()
            loop.add_reader(ours, heard.set)
            await heard.wait()  # for the reset that bellows sends
            loop.remove_reader(ours)
            assert "zigbee" not in running.health.parts()
            began_s = loop.time()
        assert loop.time() - began_s < 3
        assert not [thread for thread in threading.enumerate() if "bellows" in thread.name]
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.long
async def test_a_silent_stick_is_said(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        async with running_hub(tmp_path, Zigbee(path=os.ttyname(theirs))) as running:
            part = await running.until_status("degraded")
            assert "does not answer" in (part.reason or "")
    finally:
        os.close(ours)
        os.close(theirs)
