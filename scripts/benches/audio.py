"""The speaker and the echo canceller: how soon it is silent, what is left of PiChat's own voice,
and what that costs."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from pichat.app.speech import STOP_PHRASES
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.pcm import BLOCK_BYTES
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.stt.keyphrase import KeyPhrases
from scripts.benches.figure import Figure, percentile
from tests.audio.device_parts import Part, pieces, sine
from tests.audio.echo_room import (
    BYTES_PER_S,
    as_loud_as,
    at_device,
    in_echo,
    level_db,
    part,
    speech_probability,
    stops,
)
from tests.support.noise import white
from tests.support.pulse import RECORDED_RATE_HZ, Recording, in_environment, pulse_server
from tests.support.speech import VOICES, espoken, silence, spoken

STOPS = 40
GAINS_DB = (0, -6, -12, -20)
DELAYS_S = (0.04, 0.08, 0.14, 0.2)
SAID_INTO_IT = ("stop", "never mind", "turn off the kitchen light", "hey jarvis")
AT_S = (1.6, 2.3, 4.1)
ANSWER = (
    "The kitchen light is on. It is ten past seven, and outside it is eleven degrees with a little"
    " rain until the evening."
)


def run() -> list[Figure]:
    """Every figure of the group."""
    with pulse_server() as pulse, in_environment(pulse.environment):
        recording = pulse.record_speaker()
        stops_ms, pauses_ms = asyncio.run(_silences(recording))
    note = "tone to nothing in a recording of PulseAudio's null sink, its own 20 ms included"
    return [
        _p95("voice.stop_to_silence_p95", stops_ms, 200, note),
        _p95("voice.pause_to_silence_p95", pauses_ms, 200, note),
        *_echo(),
        *_double_talk(),
        *_stopping(),
        *_cost(),
    ]


async def _silences(recording: Recording) -> tuple[list[float], list[float]]:
    stops_ms: list[float] = []
    pauses_ms: list[float] = []
    speaker_part = Part("speaker")
    async with PortAudio() as portaudio:
        speaker = Speaker("default", portaudio, speaker_part.health)
        async with speaker_part.served(speaker.serve):
            await speaker_part.becomes("ok")
            for number in range(2 * STOPS):
                playback = speaker.begin()
                await playback.write(pieces(sine(1.5)), 48_000)
                await _until_it_sounds(recording)
                # Anywhere in the 20 ms that a block lasts.
                await asyncio.sleep(0.1 + 0.02 * (number * 7 % 20) / 20)
                if number % 2:
                    pauses_ms.append(await _silence_ms(recording, speaker.pause))
                    speaker.stop()
                else:
                    stops_ms.append(await _silence_ms(recording, speaker.stop))
    recording.stop()
    return stops_ms, pauses_ms


async def _until_it_sounds(recording: Recording) -> None:
    async with asyncio.timeout(5):
        # The recording is read by a thread, which tells nobody when it is loud.
        while np.abs(recording.since(len(recording) - 320)).max(initial=0) < 1_000:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _silence_ms(recording: Recording, silence_now: Callable[[], None]) -> float:
    """When the last loud sample arrived here, after the call."""
    called_s = last_s = time.monotonic()
    silence_now()
    begin = seen = len(recording)
    while time.monotonic() < called_s + 0.4:
        await asyncio.sleep(0.002)
        sound = recording.since(seen)
        if np.abs(sound).max(initial=0) > 100:
            last_s = time.monotonic()
        seen += len(sound)
    assert seen - begin > RECORDED_RATE_HZ // 4  # it was recorded
    return (last_s - called_s) * 1000


def _echo() -> list[Figure]:
    """The first answer after the start, and all that follow it with what was learnt by then."""
    answer = espoken(ANSWER)
    length_s = len(answer) / BYTES_PER_S
    begin: list[float] = []
    first: list[float] = []
    later: list[float] = []
    leaks: list[float] = []
    for gain_db in GAINS_DB:
        for delay_s in DELAYS_S:
            played = silence(1) + answer + silence(3) + answer + silence(0.5)
            heard = in_echo(WebRtcEchoCanceller(), played, gain_db=gain_db, delay_s=delay_s)
            second_s = 4 + length_s
            for found, from_s, to_s in (
                (begin, 1.0, 1.5),
                (first, 1.5, 1 + length_s),
                (later, second_s, second_s + length_s),
            ):
                raw, cleaned = (part(pcm, from_s, to_s) for pcm in (heard.raw, heard.cleaned))
                found.append(level_db(raw) - level_db(cleaned))
            speech = speech_probability(heard.cleaned)[50:]
            leaks.append(float((speech > 0.5).mean()) * 100)
    note = "0, -6, -12, -20 dB; 40 to 200 ms; a small room; noise at -65 dB"
    count = len(leaks)
    return [
        _least("voice.echo_attenuation_first_half_second_least", begin, 20, note),
        _least("voice.echo_attenuation_first_answer_least", first, 20, note),
        _least("voice.echo_attenuation_later_answers_least", later, 20, note),
        Figure(
            name="voice.own_voice_taken_for_speech_worst",
            value=max(leaks),
            unit="% of 20 ms",
            limit=2,
            samples=count,
            note=note,
        ),
    ]


def _double_talk() -> list[Figure]:
    """How soon a person who is as loud as the echo is heard through it."""
    answer = espoken(ANSWER)
    found_ms: list[float] = []
    for text in SAID_INTO_IT:
        for voice in VOICES:
            for gain_db in (0, -12):
                says = as_loud_as(spoken(text, voice), answer, gain_db)
                for at_s in AT_S:
                    near, canceller = silence(at_s) + says, WebRtcEchoCanceller()
                    played = silence(1) + answer
                    heard = in_echo(canceller, played, gain_db=gain_db, delay_s=0.08, near=near)
                    speech = speech_probability(heard.cleaned)[int(at_s * 50) :]
                    over = np.flatnonzero(speech > 0.5)
                    found_ms.append(float(over[0] + 1) * 20 if len(over) else 9_999.0)
    note = "speech over 0.5 after its begin, 4 phrases × 4 voices, 0 and -12 dB"
    return [
        Figure(
            name="voice.person_heard_through_own_voice_p50",
            value=median(found_ms),
            unit="ms",
            limit=300,
            samples=len(found_ms),
            note=note,
        ),
        Figure(
            name="voice.person_heard_through_own_voice_p95",
            value=percentile(found_ms, 95),
            unit="ms",
            samples=len(found_ms),
            note=note,
        ),
    ]


def _stopping() -> list[Figure]:
    """How often a stop phrase ends an answer that is heard as loudly."""
    phrases, answer = KeyPhrases(STOP_PHRASES), espoken(ANSWER)
    found: list[Figure] = []
    for gain_db, limit in ((-20, 90), (-12, 90), (-6, 75), (0, 65)):
        heard = others = trials = 0
        for phrase in STOP_PHRASES:
            for voice in VOICES:
                trial = stops(
                    WebRtcEchoCanceller(), phrases, spoken(phrase, voice), answer, gain_db
                )
                heard += trial.heard.count(phrase)
                others += len(trial.others)
                trials += 2
        found.append(
            Figure(
                name=f"voice.stop_phrase_heard_through_answer_{-gain_db}_db",
                value=heard / trials * 100,
                unit="%",
                limit=limit,
                sense="at least",
                samples=trials,
                note=f"4 phrases × 4 voices, first and second answer; {others} where none was said",
            )
        )
    return found


def _cost() -> list[Figure]:
    canceller, seconds = WebRtcEchoCanceller(), 20
    sound = white(seconds, 1, -30)
    speaking = at_device(sound)
    busy_s = _cpu_s(canceller, sound, speaking) / seconds
    _cpu_s(canceller, white(2, 1, -30), bytes(len(speaking) // 10))
    idle_s = _cpu_s(canceller, sound, bytes(len(speaking))) / seconds
    return [
        Figure(name="voice.apm_cpu_speaking", value=busy_s, unit="CPU s per s"),
        Figure(name="voice.apm_cpu_idle", value=idle_s, unit="CPU s per s", limit=0.002),
    ]


def _cpu_s(canceller: WebRtcEchoCanceller, sound: bytes, played: bytes) -> float:
    before = resource.getrusage(resource.RUSAGE_SELF)
    for start in range(0, len(sound), BLOCK_BYTES):
        canceller.played(played[3 * start : 3 * (start + BLOCK_BYTES)], 48_000, 1)
        canceller.clean(sound[start : start + BLOCK_BYTES])
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _p95(name: str, values: list[float], limit: float, note: str) -> Figure:
    return Figure(
        name=name,
        value=percentile(values, 95),
        unit="ms",
        limit=limit,
        samples=len(values),
        note=note,
    )


def _least(name: str, values: list[float], limit: float, note: str) -> Figure:
    return Figure(
        name=name,
        value=min(values),
        unit="dB",
        limit=limit,
        sense="at least",
        samples=len(values),
        note=note,
    )
