"""A row of the bench's table, and the arithmetic that every group uses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """`group.name` with its value. `limit` is the bound that it must keep; `sense` its side.
    `peer` is another system's value and `peer_source` where it comes from."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    peer: float | None = None
    peer_source: str | None = None
    samples: int = 1
    note: str = ""

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return True
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of a non-empty sequence."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
