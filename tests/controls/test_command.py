"""A real program that is told the state."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pichat.bus import Bus
from pichat.config.types import Controls
from pichat.controls.base import States, Surroundings
from pichat.controls.command import CommandHook
from pichat.events import VoiceState
from tests.controls.parts import DEADLINE_S, Buttons, FakeGpio, serving


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A pipe that the program writes to."""
    pipe = tmp_path / "told"
    os.mkfifo(pipe)
    return pipe


def script(folder: Path, body: str) -> tuple[str, ...]:
    program = folder / "hook"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o700)
    return (str(program), "argument")


async def line_of(pipe: Path) -> str:
    async with asyncio.timeout(DEADLINE_S):
        return (await asyncio.to_thread(pipe.read_text)).strip()


async def test_it_is_told_each_state(tmp_path: Path, told: Path) -> None:
    command = script(tmp_path, f'echo "$1 $2 $PICHAT_VOICE_STATE" > {told}')
    async with serving(Controls(command=command)) as room:
        assert await line_of(told) == "argument listening listening"
        await room.works()
        room.voice.change("hearing")
        assert await line_of(told) == "argument hearing hearing"
        room.voice.change("speaking", station="tablet")
        room.voice.change("muted")
        assert await line_of(told) == "argument muted muted"


async def test_while_it_runs_only_the_newest_state_waits(tmp_path: Path, told: Path) -> None:
    held = tmp_path / "held"
    os.mkfifo(held)
    command = script(tmp_path, f'[ "$2" = hearing ] && read x < {held}; echo "$2" > {told}')
    states: tuple[VoiceState, ...] = ("thinking", "speaking", "following_up")
    async with serving(Controls(command=command)) as room:
        assert await line_of(told) == "listening"
        await room.works()
        room.voice.change("hearing")
        writing = asyncio.create_task(asyncio.to_thread(held.open, "w"))
        async with asyncio.timeout(DEADLINE_S):
            gate = await writing  # opens once the program reads, which is while it runs
        for state in states:
            room.voice.change(state)
            await asyncio.sleep(0)
        gate.close()
        assert [await line_of(told), await line_of(told)] == ["hearing", "following_up"]


async def test_one_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = script(tmp_path, f"sleep 60 & echo $! > {pids}; wait")
    bus = Bus()
    voice = Buttons(bus)
    around = Surroundings(voice, States(bus, voice), FakeGpio())
    said: asyncio.Queue[str | None] = asyncio.Queue()
    task = asyncio.create_task(CommandHook(command, around, 0.3).serve(said.put_nowait))
    async with asyncio.timeout(DEADLINE_S):
        assert await said.get() == f"The command {command[0]} took over 0.3 s and was ended."
        sleeper = Path(f"/proc/{int(pids.read_text())}/stat")
        while _runs(sleeper):
            await asyncio.to_thread(os.sched_yield)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_ending_ends_what_runs(tmp_path: Path, told: Path) -> None:
    command = script(tmp_path, f"echo $$ > {told}; exec sleep 60")
    async with serving(Controls(command=command)):
        process = Path(f"/proc/{await line_of(told)}/stat")
    assert not _runs(process)


def _runs(stat: Path) -> bool:
    """Whether it is a process, and none that only waits to be buried."""
    try:
        return stat.read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


async def test_one_that_fails_and_one_that_is_missing(tmp_path: Path, told: Path) -> None:
    command = (str(tmp_path / "hook"),)
    async with serving(Controls(command=command)) as room:
        assert "cannot be run: No such file or directory." in await room.trouble()
        script(tmp_path, '[ "$1" != hearing ]')
        await room.works()
        room.voice.change("hearing")
        assert "ended with code 1." in await room.trouble("ended")
        room.voice.change("listening")
        await room.works()


async def test_without_controls_there_is_nothing_to_say() -> None:
    async with serving(Controls()) as room:
        await asyncio.sleep(0)
        assert room.health.parts() == {}
