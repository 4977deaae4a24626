"""A run of so many fuzzed frames and requests against one daemon."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from pichat.gateway.registry import load_actions
from tests.gateway.fuzz.frames import Frame, frames
from tests.gateway.fuzz.values import NAMES
from tests.gateway.fuzz.watch import Tally, Watched

_AT_ONCE = 12
_A_CONNECTION = 40  # batches
_ONE_EXAMPLE = 6  # frames, about


def fuzz_frames(
    url: str, count: int, known: Sequence[str] = (), *, number: int = 0, again: int = 0
) -> Tally:
    """Send `count` frames, at least. `known`: ids of what is there; `number`: of the run, which has
    its own frames; `again`: how often frames that were made at some cost come again in another
    order, and damaged. Raises FuzzError."""
    tally = Tally()
    watched = Watched(url, tally)
    dice = random.Random(number)
    strategy = frames(list(load_actions().values()), (*NAMES, *known), most=_AT_ONCE)
    batches = 0

    def send(drawn: list[Frame]) -> None:
        nonlocal batches
        for batch in (drawn, *(_otherwise(drawn, dice) for _ in range(again))):
            if tally.sent >= count:
                return
            batches += 1
            watched.send(batch)
            if batches % _A_CONNECTION == 0:
                watched.rest()
                watched.close()

    try:
        while tally.sent < count:
            examples = 10 + (count - tally.sent) // (_ONE_EXAMPLE * (again + 1))
            _each(strategy, send, examples=examples, number=number)
            number += 1000
        watched.rest()
    finally:
        watched.close()
    return tally


def fuzz_requests(url: str, count: int, *, number: int = 0) -> Tally:
    """Send `count` requests. Raises FuzzError."""
    from tests.gateway.fuzz.requests import Asking, cases

    tally = Tally()
    asking = Asking(url, tally)
    try:
        _each(cases(url), asking.send, examples=count, number=number)
    finally:
        asking.close()
    return tally


def _otherwise(drawn: list[Frame], dice: random.Random) -> list[Frame]:
    """The same frames in another order, some of them with a byte that is another."""
    frames = dice.sample(drawn, len(drawn))
    for number, (opcode, raw) in enumerate(frames):
        if raw and dice.random() < 0.5:
            data = bytearray(raw)
            data[dice.randrange(len(data))] = dice.randrange(256)
            frames[number] = (opcode, bytes(data))
    return frames


def _each(
    strategy: st.SearchStrategy[Any], send: Callable[[Any], None], *, examples: int, number: int
) -> None:
    @seed(number)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],  # a daemon that was harmed is no longer the one that was
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def one(drawn: Any) -> None:
        send(drawn)

    one()
