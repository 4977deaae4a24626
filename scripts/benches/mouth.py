"""How soon it speaks: from a text to its first sound, and to its first sample at a speaker."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.config.types import Style
from pichat.events import PartHealth
from pichat.health import Health, keep_serving
from pichat.tts.registry import choose
from pichat.turn.mouth import Answer
from scripts.benches.figure import Figure, percentile
from tests.support.pulse import in_environment, pulse_server

SAMPLES = 50
ANSWER = "The kitchen light is on."


def run() -> list[Figure]:
    """Every figure of the file."""
    return asyncio.run(_speaking())


async def _speaking() -> list[Figure]:
    """Text → first piece of speech; and text → first sample at a real speaker stream."""
    synthesiser = choose("espeak-ng")
    chunk_ms = []
    for _ in range(SAMPLES):
        start_s = time.monotonic()
        async with synthesiser.speak(ANSWER, "en") as speech:
            await anext(aiter(speech.chunks))
            chunk_ms.append((time.monotonic() - start_s) * 1000)
    with pulse_server() as pulse, in_environment(pulse.environment):
        sample_ms = await _first_samples()
    return [
        _p50("voice.text_to_first_speech_p50", chunk_ms),
        _p50("voice.text_to_first_sample_p50", sample_ms, "through PulseAudio, stream kept open"),
        Figure(
            name="voice.text_to_first_sample_p95",
            value=percentile(sample_ms, 95),
            unit="ms",
            samples=len(sample_ms),
        ),
    ]


async def _first_samples() -> list[float]:
    bus, portaudio = Bus(), PortAudio()
    health = Health(bus)
    speaker = Speaker("default", portaudio, health)
    times_ms: list[float] = []
    with bus.subscribe(PartHealth) as changes:
        serving = asyncio.create_task(keep_serving("speaker", speaker.serve, health))
        while (await changes.get()).status != "ok":
            pass
    for _ in range(SAMPLES):
        start_s = time.monotonic()
        first: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        answer = Answer(
            choose("espeak-ng"),
            speaker,
            health,
            "en",
            Style(),
            on_start=lambda: None,
            on_first=first.set_result,
        )
        await answer.add(ANSWER + " ")
        times_ms.append((await first - start_s) * 1000)
        speaker.stop()
        await answer.finish()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await portaudio.close()
    return times_ms


def _p50(name: str, values: list[float], note: str = "") -> Figure:
    return Figure(name=name, value=median(values), unit="ms", samples=len(values), note=note)
