"""The live meter of the wake words, on the events of a real gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.console import Console

from pichat.bus import Bus
from pichat.cli.wake import Meter, in_words
from pichat.events import VoiceHeard, WakeScored
from pichat.state import lock_state
from tests.gateway.fakes import World, running_world

DEADLINE_S = 15
NEAR = WakeScored(
    scores={"microwakeword": {"alexa": 0.97}, "openwakeword": {"alexa": 0.04}}, near_miss="alexa"
)
WOKEN = VoiceHeard(
    turn_id="t", what="wake", at_s=1.0, detail="hey_jarvis", scores={"openwakeword": 0.93}
)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that the shell finds through `tmp_path`."""
    with lock_state(tmp_path) as state:
        async with running_world() as world:
            state.announce(world.url)
            yield world


async def first_lines(folder: Path, bus: Bus, count: int, *options: str) -> list[str]:
    """What the command prints while the daemon tells again and again of the same events."""
    command = [sys.executable, "-m", "pichat", "wake", "--state-dir", str(folder), *options]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    lines: list[str] = []

    async def publish() -> None:
        while True:
            for event in (NEAR, WOKEN):
                bus.publish(event)
            await asyncio.sleep(0.05)  # the daemon's own pace, only faster

    publishing = asyncio.create_task(publish())
    try:
        async with asyncio.timeout(DEADLINE_S):
            while len(lines) < count:
                line = (await process.stdout.readline()).decode().rstrip()
                lines += [line] if line else []
    finally:
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        process.terminate()
        await process.wait()
    return lines


async def test_wakes_and_near_misses_are_printed(world: World, tmp_path: Path) -> None:
    lines = await first_lines(tmp_path, world.bus, 2)
    assert "near miss: alexa (microWakeWord 0.97, openWakeWord 0.04)" in lines
    assert "wake: hey_jarvis (openWakeWord 0.93)" in lines


async def test_the_frames_themselves_are_for_programs(world: World, tmp_path: Path) -> None:
    frames = [json.loads(line) for line in await first_lines(tmp_path, world.bus, 3, "--json")]
    assert {frame["action"] for frame in frames} == {"wake_scored", "voice_heard"}
    assert all(frame["status"] == "event" for frame in frames)


def drawn(meter: Meter, now_s: float) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(meter.table(now_s))
    return capture.get()


def test_a_peak_stays_for_a_while_after_the_score_has_fallen() -> None:
    meter = Meter()
    meter.take({"microwakeword": {"alexa": 0.8}}, now_s=10)
    assert drawn(meter, 10).count("█") == 32
    meter.take({"microwakeword": {"alexa": 0.1}}, now_s=11)
    assert drawn(meter, 11).count("█") == 4
    assert "0.80" in drawn(meter, 11)
    assert "▏" in drawn(meter, 11)
    assert "0.10" in drawn(meter, 14)


def test_an_engine_that_did_not_run_keeps_its_row_empty() -> None:
    meter = Meter()
    meter.take({"microwakeword": {"alexa": 0.8}, "openwakeword": {"alexa": 0.9}}, now_s=10)
    meter.take({"microwakeword": {"alexa": 0.2}}, now_s=20)
    table = drawn(meter, 20)
    assert "openWakeWord" in table
    assert table.count("█") == 8


def test_what_is_no_wake_word_is_no_line() -> None:
    assert (
        in_words({"action": "voice_heard", "payload": {"what": "wake", "detail": "button"}}) is None
    )
    assert in_words({"action": "voice_heard", "payload": {"what": "spoken"}}) is None
    assert in_words({"action": "voice_changed", "payload": {"state": "listening"}}) is None
    assert in_words({"status": "complete", "payload": None}) is None
