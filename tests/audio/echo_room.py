"""A room with a speaker and a microphone, as sound alone: no device, and no waiting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from pichat.audio.base import EchoCanceller
from pichat.audio.pcm import BLOCK_BYTES, SAMPLE_RATE_HZ
from pichat.stt.keyphrase import KeyPhrases
from pichat.turn.own_voice import OwnVoice
from pichat.vad.base import load_voice_activity
from tests.support.noise import at_level, in_room, louder, mix, white
from tests.support.speech import silence

DEVICE_HZ = 48_000
BYTES_PER_S = 2 * SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Heard:
    """What the microphone gave, and what the canceller made of it: `unspoilt` without touching
    whoever speaks."""

    raw: bytes
    cleaned: bytes
    unspoilt: bytes


def in_echo(
    canceller: EchoCanceller,
    played: bytes,
    *,
    gain_db: float,
    delay_s: float,
    near: bytes = b"",
    drift: float = 0.0,
    late_blocks: frozenset[int] = frozenset(),
    channels: int = 1,
) -> Heard:
    """Play sound and listen meanwhile, block for block of 20 ms as two devices do.

    The echo comes `gain_db` louder and `delay_s` later than it was played, through a small room;
    `near` is added as it is, over a floor of noise. The microphone's clock is `drift` too fast.
    `late_blocks` are played only together with the block after.
    """
    raw = _at_microphone(played, gain_db, delay_s, near, drift)
    pieces = _blocks(at_device(played, channels), DEVICE_HZ // 50 * 2 * channels)
    cleaned, unspoilt = [], []
    waiting: list[bytes] = []
    for number, block in enumerate(_blocks(raw, BLOCK_BYTES)):
        given = round(number / (1 + drift)) if drift else number
        before = round((number - 1) / (1 + drift)) if drift else number - 1
        waiting += pieces[before + 1 : given + 1]
        if number not in late_blocks:
            for piece in waiting:
                canceller.played(piece, DEVICE_HZ, channels)
            waiting.clear()
        cleaned.append(canceller.clean(block))
        unspoilt.append(canceller.unspoilt)
    return Heard(raw, b"".join(cleaned), b"".join(unspoilt))


def at_device(pcm: bytes, channels: int = 1) -> bytes:
    """What the speaker hands over: silence is exactly that."""
    wave = np.frombuffer(pcm, np.int16).astype(np.float32)
    wave = soxr.resample(wave, SAMPLE_RATE_HZ, DEVICE_HZ).clip(-32768, 32767)
    return wave.astype(np.int16).repeat(channels).tobytes()


def _at_microphone(
    played: bytes, gain_db: float, delay_s: float, near: bytes, drift: float
) -> bytes:
    if drift:
        wave = np.frombuffer(played, np.int16)
        at = np.arange(int(len(wave) * (1 + drift))) / (1 + drift)
        played = np.interp(at, np.arange(len(wave)), wave).astype(np.int16).tobytes()
    echo = louder(in_room(silence(delay_s) + played, 3, 0.15, 6), gain_db)[: len(played)]
    heard = mix(echo, near, white(len(played) / BYTES_PER_S, 5, -65))[: len(played)]
    return heard[: len(heard) // BLOCK_BYTES * BLOCK_BYTES]


def as_loud_as(near: bytes, other: bytes, gain_db: float) -> bytes:
    """`near` at the loudness that `other` has after `gain_db`."""
    return at_level(near, level_db(other) + gain_db)


def part(pcm: bytes, from_s: float, to_s: float) -> bytes:
    return pcm[int(from_s * SAMPLE_RATE_HZ) * 2 : int(to_s * SAMPLE_RATE_HZ) * 2]


def level_db(pcm: bytes) -> float:
    """RMS in dB of full scale."""
    wave = np.frombuffer(pcm, np.int16) / 32768
    return float(10 * np.log10(np.mean(wave**2) + 1e-12))


def speech_probability(pcm: bytes) -> npt.NDArray[np.float64]:
    """For each 20 ms block; what is not known yet counts as 0."""
    detector = load_voice_activity("silero")
    return np.array([detector.process(block) or 0.0 for block in _blocks(pcm, BLOCK_BYTES)])


def _blocks(pcm: bytes, size: int) -> list[bytes]:
    return [pcm[start : start + size] for start in range(0, len(pcm) - size + 1, size)]


@dataclass(frozen=True)
class Stops:
    """The phrases that ended an answer where somebody said one, and elsewhere."""

    heard: list[str]
    others: list[str]


def stops(
    canceller: EchoCanceller, phrases: KeyPhrases, says: bytes, answer: bytes, gain_db: float
) -> Stops:
    """Somebody says it two seconds into the first answer and into the second, when the room is
    known; as loud as the echo, or as the answer where the echo is faint."""
    says = as_loud_as(says, answer, gain_db if gain_db > -12 else 0)
    said_s = [3.0, len(answer) / BYTES_PER_S + 5.0]
    near = silence(said_s[0]) + says
    near += silence(said_s[1] - len(near) / BYTES_PER_S) + says
    played = silence(1) + answer + silence(2) + answer + silence(1)
    heard = in_echo(canceller, played, gain_db=gain_db, delay_s=0.08, near=near)
    ended = _stopped_by(heard, phrases)
    after_s = len(says) / BYTES_PER_S + 0.4
    within = [any(0 < at_s - begin_s < after_s for begin_s in said_s) for _, at_s in ended]
    return Stops(
        [phrase for (phrase, _), hit in zip(ended, within, strict=True) if hit],
        [phrase for (phrase, _), hit in zip(ended, within, strict=True) if not hit],
    )


def _stopped_by(heard: Heard, phrases: KeyPhrases) -> list[tuple[str, float]]:
    """Each phrase that would end PiChat's answer, and the second at which it does: as the listener
    takes them."""
    own_voice, found = OwnVoice(), []
    phrases.reset()
    pieces = zip(*(_blocks(each, BLOCK_BYTES) for each in (heard.raw, heard.cleaned)), strict=True)
    for number, (raw, cleaned) in enumerate(pieces, 1):
        own_voice.note(raw, cleaned)
        at = (number - 1) * BLOCK_BYTES
        phrase = phrases.process(heard.unspoilt[at : at + BLOCK_BYTES])
        if phrase and not own_voice.alone:
            found.append((phrase, number * BLOCK_BYTES / BYTES_PER_S))
    return found
