"""What a shell shows of spoken runs, asked of a real gateway."""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pichat.events import (
    AnswerHeard,
    DeviceOutcome,
    ToolCall,
    ToolResult,
    Transcript,
    TurnFinished,
    TurnStarted,
    TurnTool,
    VoiceChanged,
    VoiceHeard,
    WakeScored,
)
from pichat.state import lock_state
from tests.gateway.fakes import World, running_world
from tests.support.daemon import pichat as shell


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that the shell finds through `tmp_path`."""
    with lock_state(tmp_path) as state:
        async with running_world() as world:
            state.announce(world.url)
            yield world


class Result(NamedTuple):
    exit_code: int
    output: str


async def pichat(folder: Path, *arguments: str) -> Result:
    """The command, as a process of its own."""
    code, out, err = await shell(folder, *arguments)
    return Result(code, out + err)


async def speak(world: World) -> None:
    now_s = time.monotonic()

    def heard(what: str, ms: float, detail: str = "", **scores: float) -> VoiceHeard:
        return VoiceHeard(
            turn_id="t", what=what, at_s=now_s + ms / 1000, detail=detail, scores=scores  # type: ignore[arg-type]
        )  # fmt: skip

    outcomes = (
        DeviceOutcome(device_id="1", device_name="Lamp", capability="on_off", state=True),
        DeviceOutcome(
            device_id="2",
            device_name="Plug",
            capability="on_off",
            error_code="device_silent",
            error="The plug does not answer.",
        ),
    )
    for event in (
        heard("wake", 0, "hey_jarvis", micro=0.97),
        heard("speech_start", 200),
        heard("speech_end", 1000, "complete"),
        Transcript(turn_id="t", text="turn on [bold]everything", final=True),
        TurnStarted(
            turn_id="t", conversation_id="c", source="voice", text="turn on", provider="intents"
        ),
        TurnTool(
            turn_id="t",
            call=ToolCall(name="set_device_state", arguments={"value": True}),
            result=ToolResult(outcomes=outcomes),
            started_s=now_s + 1.2,
            duration_ms=40,
        ),
        TurnFinished(
            turn_id="t",
            conversation_id="c",
            text="The lamp is on. The plug does not answer.",
            provider="intents",
            code="device_silent",
            retryable=True,
            timings_ms={},
        ),
        heard("first_audio", 1500),
        heard("interrupted", 1900, "stop word"),
        AnswerHeard(turn_id="t", text="The lamp is on.", whole=False),
    ):
        world.bus.publish(event)
    async with asyncio.timeout(5):
        while not (runs := world.runs.newest(1)) or runs[0].answer_heard is None:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_the_table_and_one_run(world: World, tmp_path: Path) -> None:
    assert "Nothing was spoken" in (await pichat(tmp_path, "runs")).output
    await speak(world)
    world.bus.publish(WakeScored(scores={"micro": {"alexa": 0.9}}, near_miss="alexa"))
    listed = (await pichat(tmp_path, "runs")).output
    assert "alexa (nearly)" in listed
    row = next(line for line in listed.splitlines() if "hey_jarvis" in line)
    for cell in ("turn on [bold]everything", "complete", "The lamp is on.", "200 ms", "500 ms"):
        assert cell in row
    number = row.split()[0]
    shown = (await pichat(tmp_path, "runs", number)).output
    for line in (
        "hey_jarvis (micro 0.97)",
        "the command was complete",
        "Lamp on_off: true confirmed",
        "Plug: The plug does not answer.",
        '{"value":true}',
        "interrupted by stop word",
        "set_device_state",
    ):
        assert line in shown
    assert shown.index("making speech") > shown.index("waiting for speech")
    beyond = await pichat(tmp_path, "runs", "3")
    assert (beyond.exit_code, beyond.output) == (1, "There is no run 3: only 2.\n")


async def test_the_sound_of_a_run(world: World, tmp_path: Path) -> None:
    file = tmp_path / "run.wav"
    await speak(world)
    refused = await pichat(tmp_path, "runs", "--audio", str(file))
    assert refused.exit_code == 1
    assert "keep_audio: [runs]" in refused.output
    world.runs.keep("t", bytes(32_000))
    assert (await pichat(tmp_path, "runs", "1", "--audio", str(file))).exit_code == 0
    with wave.open(str(file)) as wav:
        assert wav.getnframes() == 16_000


async def test_muting(world: World, tmp_path: Path) -> None:
    assert (await pichat(tmp_path, "mute")).output == "The microphone is muted.\n"
    assert (await pichat(tmp_path, "unmute")).output == "PiChat listens again.\n"
    assert world.voice.pressed == ["mute True", "mute False"]


async def test_muting_what_is_deaf(world: World, tmp_path: Path) -> None:
    world.voice.mute = lambda muted: None  # type: ignore[method-assign]
    world.voice.change(VoiceChanged(state="deaf", reason="There is no microphone."))
    refused = await pichat(tmp_path, "mute")
    assert refused.exit_code == 1
    assert "There is no microphone." in refused.output
