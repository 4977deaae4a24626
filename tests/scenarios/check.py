"""Compares what happened with what was expected."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pichat.events import State
from tests.intents.house import HOUSE
from tests.scenarios.form import Expect
from tests.support.world import Moment

_ENDS = ("said", "do")
_PLAIN = re.compile(r"[^\w…]+")


def told(moment: Moment) -> str:
    """A line of the timeline."""
    detail = moment.detail if moment.value is None else f"{moment.detail} = {moment.value}"
    place = "" if moment.station == "local" else f" [{moment.station}]"
    began = "" if moment.began_s is None else f" (of {moment.began_s:.2f})"
    return f"{moment.at_s:8.2f}  {moment.what:10} {moment.text}  {detail}{began}{place}".rstrip()


def check(moments: Sequence[Moment], expected: Sequence[Expect]) -> list[str]:
    """What is wrong, a sentence each. Expectations are looked for in their order, each from where
    the one before was found."""
    mistakes: list[str] = []
    at = 0
    for number, one in enumerate(expected, 1):
        label = f"expectation {number} ({_named(one)})"
        if one.never is not None or one.times is not None:
            mistakes += [f"{label}: {wrong}" for wrong in _counted(moments, one)]
            continue
        found = _find(moments, one, at)
        if found is None:
            after = f" after {moments[at].at_s:.2f} s" if at else ""
            mistakes.append(f"{label} did not happen{after}")
            continue
        at = found
        if wrong := _late(moments, one, at):
            mistakes.append(f"{label} {wrong}")
    return mistakes


def _named(one: Expect) -> str:
    given = {name: getattr(one, name) for name in one.__struct_fields__}
    return ", ".join(
        f"{key}: {value}" for key, value in given.items() if value not in (None, "local")
    )


def _counted(moments: Sequence[Moment], one: Expect) -> list[str]:
    never = (one.never,) if isinstance(one.never, str) else one.never or ()
    wanted = dict.fromkeys(never, 0) | dict(one.times or {})
    wrong = []
    for event, count in wanted.items():
        found = [m for m in moments if m.what in ("state", "milestone") and m.text == event]
        if len(found) != count:
            when = ", ".join(f"{m.at_s:.2f}" for m in found)
            wrong.append(f"{event} happened {len(found)} times, not {count} (at {when or '-'} s)")
    return wrong


def _find(moments: Sequence[Moment], one: Expect, start: int) -> int | None:
    if one.house is not None:
        return _find_house(moments, one.house, start)
    for index, moment in enumerate(moments[start:], start):
        if _matches(moment, one):
            return index
    return None


def _matches(moment: Moment, one: Expect) -> bool:
    for what in ("state", "milestone", "sound", "health"):
        wanted = getattr(one, what)
        if wanted is not None:
            same_place = what == "health" or moment.station == one.station
            same_detail = one.detail is None or one.detail in moment.detail
            return same_place and same_detail and (moment.what, moment.text) == (what, wanted)
    for what in ("heard", "answer"):
        wanted = getattr(one, what)
        if wanted is not None:
            whole = one.whole is None or one.whole == (moment.detail != "cut")
            return moment.what == what and whole and _same_words(moment.text, wanted)
    return False


def _same_words(said: str, wanted: str) -> bool:
    """Case and punctuation do not count; “…” at the end stands for whatever follows."""
    said, wanted = (_PLAIN.sub(" ", text.casefold()).strip() for text in (said, wanted))
    if wanted.endswith("…"):
        return said.startswith(wanted.rstrip("… "))
    return said == wanted


def _find_house(
    moments: Sequence[Moment], wanted: dict[str, dict[str, State]], start: int
) -> int | None:
    """The first moment from `start` on at which the house was like that."""
    state = {(d.name.casefold(), name): value for d in HOUSE for name, value in d.state.items()}
    goal = {(name.casefold(), c): v for name, each in wanted.items() for c, v in each.items()}
    for index, moment in enumerate(moments):
        if moment.what == "house" and moment.value is not None:
            state[moment.text.casefold(), moment.detail] = moment.value
        if index >= start and all(state.get(key) == value for key, value in goal.items()):
            return index
    return None


def _late(moments: Sequence[Moment], one: Expect, found: int) -> str:
    """Why it came too late, if it did."""
    if one.within is None:
        return ""
    before = [
        moment
        for moment in moments[:found]
        if (moment.what in _ENDS if one.since is None else moment.text == one.since)
    ]
    since = before[-1] if before else None
    took_s = moments[found].at_s - (since.at_s if since else 0.0)
    if took_s <= one.within + 1e-6:
        return ""
    name = since.text if since else "the beginning"
    return f"came {took_s:.2f} s after “{name}”, which is more than {one.within:g} s"
