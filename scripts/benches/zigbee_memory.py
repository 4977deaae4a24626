"""What a device costs in memory: a hundred of them beside none, each in a process of its own."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.benches.figure import Figure
from scripts.benches.hundred import paired, started


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        full, empty = Path(directory) / "full", Path(directory) / "empty"
        paired(full)
        paired(empty, empty=True)
        with_devices, without = started(full), started(empty, empty=True)
    each_kb = (with_devices.resident_kb - without.resident_kb) / with_devices.devices
    return [
        Figure(
            name="zigbee.rss_a_device",
            value=each_kb,
            unit="kB",
            limit=200.0,
            samples=with_devices.devices,
            note=(
                f"{with_devices.resident_kb / 1024:.0f} MB with {with_devices.devices} devices,"
                f" {without.resident_kb / 1024:.0f} MB with none"
            ),
        )
    ]
