"""A run while it is written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from pichat.events import LOCAL_STATION, TurnTool
from pichat.turn.run import Kind, Run, RunEvent, RunTool, short, since_speech, stages_of

MAX_EVENTS = 200
LONGEST_TEXT = 500
LONGEST_ANSWER = 2000
_CHATTY_EVENTS = 150  # the rest is for what comes once, such as the end
_MAX_TOOLS = 32
_MAX_OUTCOMES = 20


@dataclass(slots=True, kw_only=True)
class Draft:
    """A run that may go on: what was noted so far, bounded in every respect. Times are seconds of
    the event loop's clock. It begins with its first note."""

    turn_id: str
    kind: Kind = "spoken"
    station: str = LOCAL_STATION
    known: dict[str, Any] = field(default_factory=dict)  # fields of Run
    events: list[tuple[float, str, str]] = field(default_factory=list)
    tools: list[tuple[float, RunTool]] = field(default_factory=list)
    dropped: int = 0
    answer: str = ""

    def note(self, at_s: float, what: str, text: str = "", *, chatty: bool = False) -> None:
        """Something happened. What is `chatty` comes often, and leaves room for the rest."""
        if chatty and self.events and self.events[-1][1] == what == "said":
            began_s, _, before = self.events[-1]
            self.events[-1] = (began_s, what, short(before + text, LONGEST_TEXT))
        elif len(self.events) < (_CHATTY_EVENTS if chatty else MAX_EVENTS):
            self.events.append((at_s, what, short(text, LONGEST_TEXT)))
        else:
            self.dropped += 1

    def use(self, tool: TurnTool) -> None:
        """A tool has been used."""
        self.note(tool.started_s, "tool", tool.call.name)
        if len(self.tools) < _MAX_TOOLS:
            self.tools.append((tool.started_s, _kept(tool)))

    def zero_s(self) -> float:
        """When it began."""
        return min(at_s for at_s, _, _ in self.events)

    def run(self, began_s: float, *, has_audio: bool) -> Run:
        """As it is now. `began_s`: the clock's zero in seconds since the epoch."""
        zero_s = self.zero_s()
        in_order = sorted(self.events, key=lambda event: event[0])
        events = tuple(
            RunEvent(at_ms=_ms(at_s - zero_s), what=what, text=text)
            for at_s, what, text in in_order
        )
        tools = tuple(structs.replace(tool, at_ms=_ms(at_s - zero_s)) for at_s, tool in self.tools)
        radio_ms, first_audio_ms = since_speech(events, tools)
        return Run(
            turn_id=self.turn_id,
            kind=self.kind,
            station=self.station,
            began_s=round(began_s + zero_s, 3),
            radio_ms=radio_ms,
            first_audio_ms=first_audio_ms,
            stages=stages_of(events, tools),
            events=events,
            tools=tools,
            dropped=self.dropped,
            has_audio=has_audio,
            **{"answer": self.answer, **self.known},
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _kept(tool: TurnTool) -> RunTool:
    outcomes, value = tool.result.outcomes, tool.result.value
    return RunTool(
        at_ms=0.0,
        duration_ms=round(tool.duration_ms, 1),
        name=tool.call.name,
        arguments=short(tool.call.arguments, LONGEST_TEXT),
        outcomes=outcomes[:_MAX_OUTCOMES],
        more_outcomes=max(0, len(outcomes) - _MAX_OUTCOMES),
        value="" if value is None else short(value, LONGEST_TEXT),
    )
