"""A thousand spoken turns with the real engines, in virtual time: none may reach a time limit, none
may leave memory behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice, product

import psutil
import structlog

from pichat.config.types import Voice
from pichat.events import State
from scripts.benches.figure import Figure
from tests.support import engines
from tests.support.noises import speech
from tests.support.room import Echo
from tests.support.speech import VOICES
from tests.support.virtual import run_virtual
from tests.support.world import Moment, Setting, World

_TURNS = 1000
_SHORT_TURNS = 500  # of them are asked whether they reached a limit
_SETTLED_TURNS = 50  # every cache has been filled by then
_STUCK_S = 60.0  # of virtual time: longer than any limit of the loop
_PAUSE_S = 0.3

Command = tuple[str, str, str, State]
_COMMANDS: Sequence[Command] = (
    ("turn on the kitchen light", "Kitchen light", "on_off", True),
    ("turn off the kitchen light", "Kitchen light", "on_off", False),
    ("turn on the hallway light", "Hallway light", "on_off", True),
    ("switch off the hallway light", "Hallway light", "on_off", False),
    ("turn off the office plug", "Office plug", "on_off", False),
    ("switch on the office plug", "Office plug", "on_off", True),
    ("lock the front door", "Front door lock", "lock", True),
    ("unlock the front door", "Front door lock", "lock", False),
    ("close the living room blinds", "Living room blinds", "cover_position", 0),
    ("open the living room blinds", "Living room blinds", "cover_position", 100),
)


@dataclass
class Tally:
    """What became of the turns."""

    right: int = 0
    limited: list[str] = field(default_factory=list)  # a line each
    limited_short: int = 0
    memory_mb: dict[int, float] = field(default_factory=dict)


def _rss_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


async def _say(world: World, text: str, voice: str) -> None:
    ends_s = world.say(speech(text, voice), text)
    await asyncio.sleep(ends_s - world.now_s + _PAUSE_S)


async def _turn(world: World, command: Command, voice: str) -> list[Moment]:
    """Say it, and wait until PiChat listens for the wake word again: all that happened."""
    world.moments.clear()
    await _say(world, "hey jarvis", voice)
    await _say(world, command[0], voice)
    await world.until(lambda: world.states() == {"listening"}, _STUCK_S)
    await asyncio.sleep(_PAUSE_S)
    return list(world.moments)


def _limit_of(moments: Sequence[Moment]) -> str:
    """The time limit that was reached; "" for none."""
    reached = (m.text for m in moments if m.what == "milestone" and m.text in ("capped", "gave_up"))
    return next(reached, "")


def _done(moments: Sequence[Moment], command: Command) -> bool:
    told = [(m.text, m.detail, m.value) for m in moments if m.what == "house"]
    return told == [command[1:]]


async def _measure(turns: int) -> Tally:
    tally = Tally()
    answers = {command[0]: ("Done.",) for command in _COMMANDS}  # there are a thousand to listen to
    setting = Setting(config=Voice(follow_up_s=0), echo=Echo(gain_db=-12), answers=answers)
    world = World(setting)
    async with world.running():
        spoken = islice(cycle(product(_COMMANDS, VOICES)), turns)
        for number, (command, voice) in enumerate(spoken, 1):
            moments = await _turn(world, command, voice)
            tally.right += _done(moments, command)
            if limit := _limit_of(moments):
                tally.limited.append(f"turn {number}, {voice}: “{command[0]}” {limit}")
                tally.limited_short += number <= _SHORT_TURNS
            if number % _SETTLED_TURNS == 0:
                tally.memory_mb[number] = _rss_mb()
    return tally


def _figures(tally: Tally, turns: int) -> list[Figure]:
    settled_mb, last_mb = tally.memory_mb[_SETTLED_TURNS], tally.memory_mb[turns]
    return [
        Figure(
            name="voice.turns_that_reached_a_limit", value=tally.limited_short, unit="",
            limit=0, samples=min(turns, _SHORT_TURNS), note="short commands by four voices",
        ),
        Figure(
            name="voice.memory_growth_50_to_1000", value=100 * (last_mb / settled_mb - 1), unit="%",
            limit=3, samples=turns, note=f"RSS {settled_mb:.1f} → {last_mb:.1f} MB",
        ),
        Figure(
            name="voice.turns_done_right", value=100 * tally.right / turns, unit="%",
            limit=95, sense="at least", samples=turns, note="no more and no less was done",
        ),
    ]  # fmt: skip


def run(turns: int = _TURNS) -> list[Figure]:
    """The rows of this group. Takes some minutes."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        engines.vocabulary()
        tally = run_virtual(_measure(turns))
    finally:
        structlog.configure(**before)
    for line in tally.limited:
        print(f"  {line}", file=sys.stderr)
    return _figures(tally, turns)


if __name__ == "__main__":
    for figure in run(int(sys.argv[1]) if sys.argv[1:] else _TURNS):
        print(f"{figure.name:36} {figure.value:8.2f} {figure.unit:2} {figure.note}")
