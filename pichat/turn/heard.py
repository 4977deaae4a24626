"""What the ears tell: the events of a Listener."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heard:
    """Something happened `ago_s` before the end of the sound that was fed."""

    ago_s: float


@dataclass(frozen=True, slots=True)
class HeardWake(Heard):
    """A turn begins: by the wake word `word`, or by a button, whose word is empty. `pcm`: the last
    seconds."""

    word: str
    scores: Mapping[str, float] = field(default_factory=dict)
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class HeardNearMiss(Heard):
    """One engine took the last seconds, `pcm`, for the wake word, and another did not."""

    word: str
    scores: Mapping[str, float]
    pcm: bytes


@dataclass(frozen=True, slots=True)
class HeardScores(Heard):
    """engine → word → highest score since the last time; only while there is any."""

    scores: dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class HeardInvite(Heard):
    """The person waits after the wake word."""


@dataclass(frozen=True, slots=True)
class HeardSpeech(Heard):
    """A command began; `follow_up`: without a wake word, after an answer."""

    follow_up: bool = False


@dataclass(frozen=True, slots=True)
class HeardIntoAnswer(Heard):
    """Somebody speaks while PiChat does: what was meant shows when it ends."""


@dataclass(frozen=True, slots=True)
class HeardPartial(Heard):
    """What has been recognised so far."""

    text: str


@dataclass(frozen=True, slots=True)
class HeardEnd(Heard):
    """The command ended `ago_s` before. `why`: complete, silence, open (it should have gone on) or
    capped (it went on). `candidates`: what it may have been, likeliest first; none when nothing
    was recognised. `pcm`: its sound."""

    candidates: tuple[str, ...]
    why: str
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class HeardNothing(Heard):
    """Nobody spoke after the wake word, or nobody to PiChat after an answer: it listens for the
    wake word again."""


@dataclass(frozen=True, slots=True)
class HeardFalseAlarm(Heard):
    """Whoever spoke into the answer meant nothing by it: PiChat may go on speaking."""


@dataclass(frozen=True, slots=True)
class HeardStop(Heard):
    """A stop phrase, while PiChat was speaking."""

    phrase: str
