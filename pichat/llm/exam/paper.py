"""The requests of the exam, and what each expects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pichat.events import Colour, State
from pichat.llm.exam.house import ExamHouse, Place, States

_FILE = Path(__file__).with_name("requests.yaml")
_EVERY = "every light"
_HUES_DEG = {"red": 0.0, "orange": 30.0, "green": 120.0, "blue": 240.0, "purple": 280.0}
_NEAR_DEG = 20.0
_PALE_PERCENT = 50.0
_NEAR = 0.51  # of percents, kelvins and degrees


class Wanted(msgspec.Struct, frozen=True):
    """A value that is expected: exactly, in a range, or a colour by its name."""

    text: str
    exact: bool | None = None
    low: float = 0.0
    high: float = 0.0
    hue_deg: float | None = None

    def met_by(self, state: State | None) -> bool:
        if isinstance(state, Colour):
            return self._is_hue(state)
        if self.exact is not None or isinstance(state, bool):
            return state is self.exact
        if self.hue_deg is not None or not isinstance(state, int | float):
            return False
        return self.low - _NEAR <= state <= self.high + _NEAR

    def _is_hue(self, colour: Colour) -> bool:
        if self.hue_deg is None or colour.saturation_percent < _PALE_PERCENT:
            return False
        apart_deg = abs(colour.hue_deg - self.hue_deg) % 360
        return min(apart_deg, 360 - apart_deg) <= _NEAR_DEG


Expected = dict[Place, Wanted]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is right: `sets` afterwards and nothing else changed, `asks` asked and not done, `reads`
    looked up."""

    sets: Expected = {}
    asks: Expected = {}
    reads: frozenset[Place] = frozenset()


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `outcomes`: all that are right, the first the plainest. `calls`: whether any
    tool may be called."""

    group: str
    say: str
    area: str | None
    given: States
    calls: bool
    outcomes: tuple[Outcome, ...]

    def house(self) -> ExamHouse:
        """The house before it: as `given`, else so that whatever is to be set is not so yet."""
        house = ExamHouse()
        sets = self.outcomes[0].sets
        others = {place: _other(want, house.states[place]) for place, want in sets.items()}
        return ExamHouse({**others, **self.given})


def tasks(limit: int | None = None) -> tuple[Task, ...]:
    """All of them, or `limit` of them from all groups alike."""
    every = _all()
    if limit is None or limit >= len(every):
        return every
    return tuple(every[place * len(every) // limit] for place in range(limit))


@cache
def _all() -> tuple[Task, ...]:
    groups = msgspec.convert(
        yaml.safe_load(_FILE.read_text(encoding="utf-8")), dict[str, list[_Written]]
    )
    return tuple(_task(group, each) for group, requests in groups.items() for each in requests)


class _WrittenOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As it stands in the file, whose head explains it."""

    sets: dict[str, Any] = {}
    asks: dict[str, Any] = {}
    reads: tuple[str, ...] = ()

    def outcome(self) -> Outcome:
        return Outcome(
            sets=_expected(self.sets),
            asks=_expected(self.asks),
            reads=frozenset(place for name in self.reads for place in _places(name)),
        )


class _Written(_WrittenOutcome, frozen=True, kw_only=True, forbid_unknown_fields=True):
    say: str
    area: str | None = None
    given: dict[str, bool | int | float] = {}
    calls: bool = True
    others: tuple[_WrittenOutcome, ...] = msgspec.field(name="or", default=())


def _task(group: str, written: _Written) -> Task:
    return Task(
        group=group,
        say=written.say,
        area=written.area,
        given={place: value for name, value in written.given.items() for place in _places(name)},
        calls=written.calls,
        outcomes=tuple(each.outcome() for each in (written, *written.others)),
    )


def _expected(written: Mapping[str, Any]) -> Expected:
    return {place: _wanted(v) for name, v in written.items() for place in _places(name)}


def _places(name: str) -> Iterator[Place]:
    """Raises ValueError for what the house does not have."""
    device, _, capability = name.rpartition(".")
    found = [
        (each.name, capability)
        for each in ExamHouse().devices()
        if (each.name == device or (device == _EVERY and each.kind == "light"))
        and each.capability(capability)
    ]
    if not found:
        raise ValueError(f"the house has no {name!r}")
    yield from found


def _wanted(value: Any) -> Wanted:
    text = str(value)
    if isinstance(value, bool):
        return Wanted(text, exact=value)
    if text in _HUES_DEG:
        return Wanted(text, hue_deg=_HUES_DEG[text])
    low, _, high = text.partition("..")
    return Wanted(text, low=float(low), high=float(high or low))


def _other(want: Wanted, now: State) -> State:
    """A state that is not wanted: the one that is there, if it may stay."""
    if not want.met_by(now):
        return now
    if want.exact is not None:
        return not want.exact
    return next(value for value in (50, 20, 90, 3000, 5000) if not want.met_by(value))
