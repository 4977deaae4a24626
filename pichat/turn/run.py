"""One spoken run as it is looked at afterwards: what happened when, and how long each stage took.

All times but `began_s` are milliseconds since the run's first event, which is the wake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from pichat.events import LOCAL_STATION, DeviceOutcome

Kind = Literal["spoken", "near_miss", "stood_down"]
StageName = Literal["wait", "speech", "recognition", "thought", "tool", "voicing", "answer"]

ENDS = ("speech_end", "capped")
_OVER = ("spoken", "interrupted")
_ACTS = "set_device_state"


class RunEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `what` is a milestone of the voice loop, or one of partial,
    transcript, understood (text: the sentence), tool (its name), said (a piece of the answer),
    finished (the answer), heard (what of it was), lost (events came too fast to be kept)."""

    at_ms: float
    what: str
    text: str = ""


class RunTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool's call and what came of it. `arguments` and `value` are JSON, cut when long;
    `more_outcomes` were left out."""

    at_ms: float
    duration_ms: float
    name: str
    arguments: str
    outcomes: tuple[DeviceOutcome, ...]
    more_outcomes: int
    value: str


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """wait: until somebody speaks; speech; recognition: until the text is final, the silence that
    ended it included; thought: until a tool is called or the answer stands; tool; voicing: until
    the first sample plays; answer: until it was heard or interrupted."""

    name: StageName
    start_ms: float
    end_ms: float
    detail: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one run.

    `woken_by`: the wake word, else button, follow_up or interruption. `ended_by`: why the command
    ended: complete, silence, open, stopped, capped or gave_up; empty before, and for what never was
    a command. `answer_heard` is None while nothing is known, or nothing was said aloud.
    `radio_ms` and `first_audio_ms` count from the end of speech. `dropped` events were too many.
    """

    turn_id: str
    kind: Kind
    station: str = LOCAL_STATION
    began_s: float  # since the epoch
    woken_by: str = ""
    scores: dict[str, float] = {}  # each wake engine's
    heard: str = ""
    recognised_by: str = ""  # the engine that was asked when the first one refused
    ended_by: str = ""
    provider: str = ""
    answer: str = ""
    code: str | None = None
    answer_heard: str | None = None
    whole: bool | None = None
    interrupted_by: str = ""
    radio_ms: float | None = None
    first_audio_ms: float | None = None
    stages: tuple[Stage, ...] = ()
    events: tuple[RunEvent, ...] = ()
    tools: tuple[RunTool, ...] = ()
    dropped: int = 0
    has_audio: bool = False


def short(value: Any, longest: int) -> str:
    """Text, or anything else as JSON, of at most so many characters."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _last(events: Iterable[RunEvent], *what: str) -> float | None:
    return max((event.at_ms for event in events if event.what in what), default=None)


def _first(events: Iterable[RunEvent], *what: str) -> float | None:
    return min((event.at_ms for event in events if event.what in what), default=None)


def stages_of(events: tuple[RunEvent, ...], tools: tuple[RunTool, ...]) -> tuple[Stage, ...]:
    """The stages that the events show, in order; what has not ended is not there."""

    def between() -> Iterator[tuple[StageName, float | None, float | None]]:
        # A command that seemed to have ended may go on: the last end is the one that counts.
        ended = _last(events, *ENDS)
        began = _first(events, "speech_start")
        final = _last(events, "transcript")
        acted = tools[0].at_ms if tools else None
        answered = _first(events, "said", "finished")
        done = max((tool.at_ms + tool.duration_ms for tool in tools), default=final)
        sound = _first(events, "first_audio")
        yield "wait", 0.0, began if began is not None else _last(events, "gave_up")
        yield "speech", began, ended
        yield "recognition", ended, final
        yield "thought", final, acted if acted is not None else answered
        yield "voicing", _later(done, answered), sound
        yield "answer", sound, _last(events, *_OVER)

    found = [
        Stage(name=name, start_ms=start, end_ms=end)
        for name, start, end in between()
        if start is not None and end is not None and end > start
    ]
    found += [
        Stage(name="tool", start_ms=tool.at_ms, end_ms=_ended(tool), detail=tool.name)
        for tool in tools
    ]
    return tuple(sorted(found, key=lambda stage: stage.start_ms))


def _ended(tool: RunTool) -> float:
    return round(tool.at_ms + tool.duration_ms, 1)


def _later(one: float | None, other: float | None) -> float | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)


def since_speech(
    events: tuple[RunEvent, ...], tools: tuple[RunTool, ...]
) -> tuple[float | None, float | None]:
    """From the end of speech to the first command to a device, and to the first sample heard."""
    ended = _last(events, *ENDS)
    acted = next((tool.at_ms for tool in tools if tool.name == _ACTS), None)
    sound = _first(events, "first_audio")
    if ended is None:
        return None, None
    return (
        None if acted is None else round(acted - ended, 1),
        None if sound is None else round(sound - ended, 1),
    )
