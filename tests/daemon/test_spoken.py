"""The whole path by voice: sound out of a virtual microphone, the simulated house moves, and the
answer comes out of a virtual speaker. The daemon is a process, the sound server is real."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.cli.client import Connection, connect
from tests.daemon.conftest import next_voice
from tests.support.daemon import DaemonProcess, json_lines, pichat
from tests.support.heard import as_spoken, likeness
from tests.support.pulse import Pulse
from tests.support.speech import command, silence, spoken
from tests.support.wav import write_wav

SURELY = 0.7
SURELY_NOT = 0.5
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def until_quiet(connection: Connection) -> dict[str, Any]:
    """The events of one spoken turn by their names, until it is over."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(30):
        async for frame in connection.frames():
            payload = frame["payload"]
            found[payload.get("what") or frame["action"]] = payload
            over = payload.get("state") in ("listening", "following_up")
            if frame["action"] == "voice_changed" and over:
                return found
    raise AssertionError("the loop did not come back to listening")


async def say(listening: DaemonProcess, pulse: Pulse, directory: Path, pcm: bytes) -> Turn:
    """Play speech into the microphone; what was done, and what was heard from the speaker."""
    recording = pulse.record_speaker()
    async with connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        wav = write_wav(directory / "speech.wav", pcm + silence(0.5), SAMPLE_RATE_HZ)
        playing = asyncio.to_thread(pulse.play_into_microphone, wav)
        events, _ = await asyncio.gather(until_quiet(connection), playing)
    return Turn(events, recording.stop())


class Turn:
    def __init__(self, events: dict[str, Any], sound: Any) -> None:
        self.events = events
        self.sound = sound

    @property
    def answer(self) -> str:
        return str(self.events["turn_finished"]["text"])

    async def said(self, sentence: str) -> float:
        return likeness(self.sound, await as_spoken(sentence))


async def test_hey_jarvis_turn_on_the_kitchen_light(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("kitchen-light", on=False)
    turn = await say(listening, pulse, tmp_path, command("turn on the kitchen light"))
    assert (await listening.simulator.values("kitchen-light"))["on"] is True
    assert turn.answer == "Turned on the kitchen light."
    assert await turn.said("Turned on the kitchen light.") > SURELY
    assert await turn.said("Sorry, I did not catch that.") < SURELY_NOT


@pytest.mark.long
async def test_turn_off_everything(listening: DaemonProcess, pulse: Pulse, tmp_path: Path) -> None:
    for device in ("kitchen-light", "office-plug", "living-room-lamp"):
        await listening.simulator.set(device, on=True)
    turn = await say(listening, pulse, tmp_path, command("turn off everything"))
    for device in ("kitchen-light", "office-plug", "living-room-lamp", "hallway-light"):
        assert (await listening.simulator.values(device))["on"] is False
    assert await turn.said(turn.answer) > SURELY


@pytest.mark.long
async def test_what_is_the_temperature_in_the_bathroom(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("bathroom-sensor", temperature=23.5)
    turn = await say(listening, pulse, tmp_path, command("what is the temperature in the bathroom"))
    assert "23.5" in turn.answer
    assert await turn.said(turn.answer) > SURELY


@pytest.mark.long
async def test_what_is_no_home_command_is_refused_aloud_and_nothing_moves(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    before = await listening.simulator.list()
    turn = await say(
        listening, pulse, tmp_path, command("my sister is coming to visit us next week")
    )
    assert await listening.simulator.list() == before
    assert "turn_tool" not in turn.events
    answer = turn.answer if "turn_finished" in turn.events else "Sorry, I did not catch that."
    assert await turn.said(answer) > SURELY


@pytest.mark.long
async def test_wake_word_and_command_in_one_breath(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("hallway-light", on=False)
    breath = silence(0.5) + spoken("hey jarvis, turn on the hallway light")
    turn = await say(listening, pulse, tmp_path, breath)
    assert turn.answer == "Turned on the hallway light."
    assert (await listening.simulator.values("hallway-light"))["on"] is True


@pytest.mark.long
async def test_a_new_name_is_understood_by_ear_once_it_is_learnt(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.set("bedroom-light", on=False)
    await rename(listening, "bedroom light", "dragon lantern")
    try:
        turn = await say(listening, pulse, tmp_path, command("turn on the dragon lantern"))
    finally:
        await rename(listening, "dragon lantern", "bedroom light")
    assert turn.answer == "Turned on the dragon lantern."
    assert (await listening.simulator.values("bedroom-light"))["on"] is True


async def rename(daemon: DaemonProcess, name: str, new_name: str) -> None:
    """Rename a device, and wait until the recogniser has learnt it."""
    async with asyncio.timeout(30), connect(daemon.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["health"]})
        devices = (await connection.ask("get_devices", {}))["devices"]
        device_id = next(device["id"] for device in devices if device["name"] == name)
        request = await connection.send("update_device", {"device_id": device_id, "name": new_name})
        statuses = []
        async for frame in connection.frames():
            assert frame["request_id"] != request or frame["status"] == "complete"
            if frame["status"] == "event" and frame["payload"]["part"] == "recognition":
                statuses.append(frame["payload"]["status"])
            if statuses == ["degraded", "ok"]:
                return


@pytest.mark.long
async def test_a_device_that_does_not_answer_is_said_aloud(
    listening: DaemonProcess, pulse: Pulse, tmp_path: Path
) -> None:
    await listening.simulator.device("office-plug", deaf=True)
    try:
        turn = await say(listening, pulse, tmp_path, command("turn on the office plug"))
    finally:
        await listening.simulator.device("office-plug", deaf=False)
    assert turn.answer == "The office plug does not answer."
    assert await turn.said(turn.answer) > SURELY


@pytest.mark.long
async def test_pichat_hear_plays_a_recording_of_another_rate(
    listening: DaemonProcess, tmp_path: Path
) -> None:
    await listening.simulator.set("bedroom-light", on=False)
    slow = bytes(as_48_khz_stereo(command("turn on the bedroom light")))
    path = write_wav(tmp_path / "stereo.wav", slow, 48_000, channels=2)
    code, out, _ = await pichat(listening.state_dir, "hear", "--json", str(path))
    actions = [frame["action"] for frame in json_lines(out)]
    assert code == 0
    assert {"voice_changed", "voice_heard", "transcript", "turn_finished"} <= set(actions)
    assert (await listening.simulator.values("bedroom-light"))["on"] is True


def as_48_khz_stereo(pcm: bytes) -> bytearray:
    sound = bytearray()
    for start in range(0, len(pcm), 2):
        sound += pcm[start : start + 2] * 6
    return sound


async def test_pichat_hear_refuses_what_is_no_wav_in_one_line(
    listening: DaemonProcess, tmp_path: Path
) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("buy milk")
    code, out, err = await pichat(listening.state_dir, "hear", str(path))
    assert (code, out, err.strip()) == (1, "", "That is not a WAV file.")


@pytest.mark.long
async def test_every_state_reaches_a_subscribed_screen_in_order(listening: DaemonProcess) -> None:
    said = command("turn off the bedroom light")
    wav = write_wav(listening.state_dir / "speech.wav", said, SAMPLE_RATE_HZ)
    _, out, _ = await pichat(listening.state_dir, "hear", "--json", str(wav))
    states = [
        frame["payload"]["state"] for frame in json_lines(out) if frame["action"] == "voice_changed"
    ]
    assert states[:4] == ["hearing", "thinking", "speaking", "following_up"]


async def test_a_microphone_that_dies_is_told_and_taken_up_again(
    listening: DaemonProcess, pulse: Pulse
) -> None:
    async with asyncio.timeout(40), connect(listening.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice"]})
        pulse.unplug_microphone()
        deaf = await next_voice(connection)
        pulse.plug_microphone()
        again = await next_voice(connection)
    assert deaf["state"] == "deaf"
    assert deaf["reason"]
    assert again["state"] == "listening"


async def test_the_daemon_logged_nothing_of_what_was_said(listening: DaemonProcess) -> None:
    log = listening.log
    assert "sister" not in log
    assert "Traceback" not in log
    assert json.dumps("turn on the kitchen light") not in log
