"""What a model did, against what was right."""

from __future__ import annotations

import msgspec

from pichat.events import State
from pichat.llm.exam.house import Place, States
from pichat.llm.exam.paper import Outcome, Task


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a request: the house before and after, what was commanded, what a person was
    asked for, what was looked up, and how many tools were called, in vain or not."""

    before: States
    after: States
    commanded: frozenset[Place] = frozenset()
    asked: States = {}
    seen: frozenset[Place] = frozenset()
    calls: int = 0


def wrong(task: Task, done: Done) -> str | None:
    """None when it was right, else why it was not, of the plainest outcome.

    Only the effect counts: a room, a list of names and a call for each device are the same, and so
    is looking something up that was not needed. Turning on the light that is dimmed or coloured is
    part of it. Where nothing is to be changed, a command is wrong even if it changes nothing.
    """
    if not task.calls and done.calls:
        return "called a tool where there was nothing to do"
    reasons = [_differs(outcome, done) for outcome in task.outcomes]
    return None if None in reasons else reasons[0]


def _differs(outcome: Outcome, done: Done) -> str | None:
    for place, want in outcome.sets.items():
        if not want.met_by(done.after[place]):
            return f"{_name(place)} is {_told(done.after[place])} and not {_told(want.text)}"
    for place, want in outcome.asks.items():
        if not want.met_by(done.asked.get(place)):
            return f"did not ask before {_name(place)} becomes {_told(want.text)}"
    if more := [place for place in done.asked if place not in outcome.asks]:
        return f"asked for {_name(more[0])} as well"
    for place, state in done.after.items():
        if state != done.before[place] and not _belongs(place, state, outcome):
            return f"changed {_name(place)} to {_told(state)} as well"
    if not outcome.sets and done.commanded:
        return f"commanded {_name(min(done.commanded))} where nothing was to be changed"
    missing = sorted(outcome.reads - done.seen - done.asked.keys())
    return f"did not look up {_name(missing[0])}" if missing else None


def _belongs(place: Place, state: State, outcome: Outcome) -> bool:
    if place in outcome.sets:
        return True
    device, capability = place
    dimmed = any(name == device for name, _ in outcome.sets)
    return capability == "on_off" and state is True and dimmed


def _name(place: Place) -> str:
    device, capability = place
    return f"{device}.{capability}"


def _told(state: State) -> str:
    return str(msgspec.to_builtins(state)).lower()
