"""The voice loop: what it does, and what it hears."""

from __future__ import annotations

from typing import Literal

import msgspec

VoiceState = Literal[
    "deaf", "muted", "listening", "hearing", "thinking", "speaking", "following_up"
]
LOCAL_STATION = "local"
"""The microphone and the speaker of this machine; every screen that listens is another station."""


class VoiceChanged(msgspec.Struct, frozen=True, kw_only=True, tag="voice_changed"):
    """`listening` waits for the wake word, `hearing` takes in a command, `following_up` waits for
    one without the wake word. `reason` says why deaf."""

    state: VoiceState
    reason: str | None = None
    station: str = LOCAL_STATION


class Transcript(msgspec.Struct, frozen=True, kw_only=True, tag="transcript"):
    """What the recogniser holds; `final` once per turn. An empty final text: nothing understood."""

    turn_id: str
    text: str
    final: bool


Milestone = Literal[
    "wake",  # detail: the wake word, or how else the turn began: follow_up, button
    "stood_down",  # another station heard the same wake word first
    "speech_start",
    "speech_end",  # detail: why the turn ended: complete, silence, open, stopped
    "capped",
    "gave_up",  # detail: why, unless nobody spoke: no command, sound lost, button
    "transcribed",  # a model was asked when the recogniser refused; detail: how it failed
    "paused",  # somebody speaks into the answer
    "resumed",  # it was nothing
    "interrupted",  # detail: by what: wake word, stop word, speech, button
    "first_audio",
    "spoken",
]


class VoiceHeard(msgspec.Struct, frozen=True, kw_only=True, tag="voice_heard"):
    """A milestone of the voice loop: what happened to the sound of a turn, and when. `scores`:
    each wake engine's score, for `wake`."""

    turn_id: str
    what: Milestone
    at_s: float  # time.monotonic()
    detail: str = ""
    scores: dict[str, float] = {}
    station: str = LOCAL_STATION


class WakeScored(msgspec.Struct, frozen=True, kw_only=True, tag="wake_scored"):
    """The highest score of each wake word in the last moment, for tuning the thresholds: engine →
    word → score. `near_miss`: a word that one engine took and another did not."""

    scores: dict[str, dict[str, float]]
    near_miss: str | None = None
    station: str = LOCAL_STATION


class AnswerHeard(msgspec.Struct, frozen=True, kw_only=True, tag="answer_heard"):
    """What of an answer was really heard; `whole` when nothing is missing."""

    turn_id: str
    text: str
    whole: bool
