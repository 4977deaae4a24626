"""One daemon that listens, with a virtual microphone and speaker, for all who speak to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio

from pichat.cli.client import Connection, connect
from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.pulse import Pulse, pulse_server


@pytest.fixture(scope="session")
def pulse() -> Iterator[Pulse]:
    with pulse_server() as pulse:
        yield pulse


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def listening(
    pulse: Pulse, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DaemonProcess]:
    """The daemon with its voice loop, once it waits for the wake word."""
    directory = tmp_path_factory.mktemp("listening")
    voice = {"enabled": True, "follow_up_s": 2.5, "keep_audio": ["runs", "wakes"]}
    async with running_daemon(directory, pulse.environment, voice=voice) as daemon:
        await _until_listening(daemon)
        yield daemon


async def _until_listening(daemon: DaemonProcess) -> None:
    async with asyncio.timeout(60), connect(daemon.state_dir) as connection:
        snapshot = await connection.ask("subscribe", {"topics": ["voice"]})
        state = snapshot["voice"]["state"]
        while state != "listening":
            state = (await next_voice(connection))["state"]


async def next_voice(connection: Connection) -> dict[str, Any]:
    """The next change of the voice's state that a subscribed screen is told of."""
    async for frame in connection.frames():
        if frame["action"] == "voice_changed":
            return dict(frame["payload"])
    raise AssertionError("the connection ended")
