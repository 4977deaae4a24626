"""How long a house of a hundred known devices takes to be usable again."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from scripts.benches.figure import Figure
from scripts.benches.hundred import paired, started

_STARTS = 3


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        house = Path(directory) / "house"
        paired(house)
        starts = [started(house) for _ in range(_STARTS)]
    return [
        Figure(
            name="zigbee.start_100_devices",
            value=median(each.usable_s for each in starts),
            unit="s",
            limit=3.0,
            samples=_STARTS,
            note=f"{starts[0].devices} devices there and a light switched, libraries loaded anew",
        )
    ]
