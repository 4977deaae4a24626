"""The voice loop's own share: what listening costs, how late it is, how soon it speaks.

The recogniser is left out (a fake keeps the sound); the whole path is measured on the daemon.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import psutil

from pichat.audio.pcm import BLOCK_BYTES, SAMPLE_RATE_HZ
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.events import PartHealth
from pichat.health import Health, keep_serving
from pichat.tts.registry import choose
from pichat.turn.listener import HeardEnd, HeardWake, Listener
from pichat.turn.machine import Rules
from pichat.turn.mouth import Answer
from pichat.vad.base import load_voice_activity
from pichat.wake.base import load_wake_word
from scripts.benches.figure import Figure, percentile
from tests.support.pulse import in_environment, pulse_server
from tests.support.recogniser import KeptRecogniser
from tests.support.speech import silence, spoken

BYTES_PER_S = 2 * SAMPLE_RATE_HZ
SAMPLES = 50
COMMANDS = ("turn on the kitchen light", "close the blinds", "what is the time", "lights off")
ANSWER = "The kitchen light is on."
LVA = "linux-voice-assistant 1.1.15 with openWakeWord, measured on this kind of machine"


def run() -> list[Figure]:
    """Every figure of the group."""
    megabytes: list[float] = []
    with _memory(megabytes):
        listener = _listener()
        listener.feed(silence(2))
    return [
        Figure(name="voice.engines_rss", value=megabytes[0], unit="MB"),
        *_listening_cost(listener),
        *_lateness(listener),
        *asyncio.run(_speaking()),
    ]


def _listener() -> Listener:
    wake_word = load_wake_word("openwakeword", "hey_jarvis")
    return Listener(Rules(), wake_word, load_voice_activity("silero"), KeptRecogniser("yes"))


@contextmanager
def _memory(megabytes: list[float]) -> Iterator[None]:
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    megabytes.append((process.memory_info().rss - before) / 1e6)


def _listening_cost(listener: Listener) -> list[Figure]:
    """CPU time of the listener per second of sound, waiting for the wake word."""
    sound = spoken("and then they went to the market once more") + silence(2)
    costs = []
    for _ in range(SAMPLES // 5):
        before_s = _cpu_s()
        _feed(listener, sound)
        costs.append((_cpu_s() - before_s) / (len(sound) / BYTES_PER_S))
    return [
        Figure(
            name="voice.listening_cpu",
            value=median(costs),
            unit="CPU s per s",
            peer=0.081,
            peer_source=LVA,
            samples=len(costs),
            note="fed in a batch; without the sound card's part",
        )
    ]


def _lateness(listener: Listener) -> list[Figure]:
    """How long after the sound the loop knows, in time of sound, and what computing adds."""
    wake_ms, end_ms, work_ms = [], [], []
    for number in range(SAMPLES):
        word, command = spoken("hey jarvis"), spoken(COMMANDS[number % len(COMMANDS)])
        lead = silence(1.5) + word + silence(0.5)
        start_s = time.perf_counter()
        for at_s, event in _feed(listener, lead + command + silence(1)):
            if isinstance(event, HeardWake):
                wake_ms.append((at_s - (len(lead) / BYTES_PER_S - 0.5)) * 1000)
            elif isinstance(event, HeardEnd):
                end_ms.append((at_s - len(lead + command) / BYTES_PER_S) * 1000)
        seconds = len(lead + command) / BYTES_PER_S + 1
        work_ms.append((time.perf_counter() - start_s) / seconds * 20)
        listener.finished()
    return [
        _p50("voice.wake_word_end_to_wake_p50", wake_ms),
        _p50("voice.speech_end_to_decision_p50", end_ms, "0.4 s of it are the silence itself"),
        _p50("voice.work_per_20_ms_block_p50", work_ms, "all engines but the recogniser"),
    ]


async def _speaking() -> list[Figure]:
    """Text → first piece of speech; and text → first sample at a real speaker stream."""
    synthesiser = choose("espeak-ng", None)
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
            choose("espeak-ng", None),
            speaker,
            health,
            "en",
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


def _feed(listener: Listener, pcm: bytes) -> Iterator[tuple[float, object]]:
    events: list[tuple[float, object]] = []
    for start in range(0, len(pcm) - BLOCK_BYTES, BLOCK_BYTES):
        for event in listener.feed(pcm[start : start + BLOCK_BYTES]):
            # When it was known, not when it was: the lateness is what is measured here.
            events.append(((start + BLOCK_BYTES) / BYTES_PER_S, event))  # noqa: PERF401
    return iter(events)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _p50(name: str, values: list[float], note: str = "") -> Figure:
    return Figure(name=name, value=median(values), unit="ms", samples=len(values), note=note)
