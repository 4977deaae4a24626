"""The spoken path on a real daemon: from the end of speech to the radio and to the answer's first
sample, and the memory that it takes. Speech is fed in at its own pace; answers go to a virtual
speaker."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.cli.client import Connection, connect
from scripts.benches.figure import Figure, percentile
from scripts.benches.hero import HOME_ASSISTANT, memory_of
from tests.support.daemon import running_daemon
from tests.support.pulse import Pulse, pulse_server
from tests.support.speech import VOICES, command, silence

_TAIL_S = 1.5
_VOICE = {"enabled": True, "follow_up_s": 0}  # else each command waits for another one
_SENTENCES = [
    f"turn {state} the {name}"
    for name in (
        "kitchen light",
        "bedroom light",
        "living room lamp",
        "hallway light",
        "office plug",
    )
    for state in ("on", "off")
] + ["lock the front door", "unlock the front door"]
_COULD_GO_ON = "close the living room blinds"  # half way


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds of one spoken command. Neither counts the other's part. `complete`: nothing
    that could follow would change it."""

    complete: bool
    speech_to_radio_ms: float
    confirmed_to_audio_ms: float


async def _feed(connection: Connection, pcm: bytes) -> float:
    """Send the speech at its own pace and then silence; the time.monotonic() of its last sample."""
    end_s = next_s = time.monotonic()
    sound = pcm + silence(_TAIL_S)
    for start in range(0, len(sound), BLOCK_BYTES):
        next_s += BLOCK_S
        await asyncio.sleep(next_s - time.monotonic())
        await connection.send_audio(sound[start : start + BLOCK_BYTES])
        if start < len(pcm):
            missing_bytes = max(0, start + BLOCK_BYTES - len(pcm))
            end_s = next_s - missing_bytes / (SAMPLE_BYTES * SAMPLE_RATE_HZ)
    return end_s


async def _milestones(connection: Connection, until: str) -> dict[str, Any]:
    """The events of one turn by their names, until the request `until` is complete."""
    found: dict[str, Any] = {}
    async for frame in connection.frames():
        if frame.get("request_id") == until and frame["status"] in ("complete", "error"):
            return found
        if frame["status"] == "event":
            payload = frame["payload"]
            found[payload.get("what") or frame["action"]] = payload
    return found


async def _speak(connection: Connection, sentence: str, voice: str) -> Spoken | None:
    """One command; None when it was not understood or not done (the accuracy is another row)."""
    pcm = command(sentence, voice)
    start_id = await connection.send("listen_start", {"station": "local"})
    reading = asyncio.create_task(_milestones(connection, start_id))
    end_s = await _feed(connection, pcm)
    await connection.send("listen_stop", {})
    events = await asyncio.wait_for(reading, 60)
    tool, audio = events.get("turn_tool"), events.get("first_audio")
    if tool is None or audio is None or events["turn_finished"]["code"]:
        return None
    confirmed_s = tool["started_s"] + tool["duration_ms"] / 1000
    return Spoken(
        complete=sentence != _COULD_GO_ON,
        speech_to_radio_ms=(tool["started_s"] - end_s) * 1000,
        confirmed_to_audio_ms=(audio["at_s"] - confirmed_s) * 1000,
    )


async def _let_the_door_open(connection: Connection) -> None:
    """Unlocking is measured as a command like any other: without the question before it."""
    devices = (await connection.ask("get_devices", {}))["devices"]
    for device in devices:
        if device["confirm"]:
            await connection.ask("update_device", {"device_id": device["id"], "confirm": False})


async def _measure(directory: Path, pulse: Pulse) -> list[Figure]:
    async with (
        running_daemon(directory, pulse.environment, voice=_VOICE) as daemon,
        connect(daemon.state_dir) as connection,
    ):
        await _let_the_door_open(connection)
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        spoken = [
            await _speak(connection, sentence, voice)
            for voice in VOICES
            for sentence in (*_SENTENCES, _COULD_GO_ON)
        ]
        memory_mb = await memory_of(daemon.pid)
    return _figures([each for each in spoken if each is not None], len(spoken), memory_mb)


def _figures(done: list[Spoken], asked: int, memory_mb: list[float]) -> list[Figure]:
    to_radio_ms = [each.speech_to_radio_ms for each in done]
    complete_ms = [each.speech_to_radio_ms for each in done if each.complete]
    others_ms = [each.speech_to_radio_ms for each in done if not each.complete]
    to_audio_ms = [each.confirmed_to_audio_ms for each in done]
    commands = f"{len(done)} of {asked} commands done"
    complete = f"{len(complete_ms)} complete commands; p50 of those that could go on"
    complete += f" {median(others_ms):.0f}" if others_ms else " –"

    def row(name: str, value: float, limit: float, note: str = "") -> Figure:
        return Figure(name=name, value=value, unit="ms", limit=limit, samples=len(done), note=note)

    return [
        row("hero.end_of_speech_to_radio_p50", median(to_radio_ms), 600, commands),
        row("voice.end_of_speech_to_radio_p50", median(complete_ms), 300, complete),
        row("voice.end_of_speech_to_radio_p95", percentile(complete_ms, 95), 450, complete),
        row("hero.confirmed_to_first_audio_p50", median(to_audio_ms), 250),
        row("voice.confirmed_to_first_audio_p50", median(to_audio_ms), 120),
        row("voice.confirmed_to_first_audio_p95", percentile(to_audio_ms, 95), 250),
        Figure(
            name="hero.daemon_rss",
            value=median(memory_mb),
            unit="MB",
            limit=230,
            peer=215,
            peer_source=f"{HOME_ASSISTANT}, without a voice engine",
            samples=len(memory_mb),
            note=f"after {asked} spoken commands",
        ),
    ]


def run() -> list[Figure]:
    with TemporaryDirectory(prefix="pichat-bench-") as name, pulse_server() as pulse:
        return asyncio.run(_measure(Path(name), pulse))
