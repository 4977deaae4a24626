"""Screens that only hear of what happens: how late, at what cost in memory, and beside others that
do not read."""

from __future__ import annotations

import gc
import time
from statistics import median

from scripts.benches.figure import Figure, percentile
from scripts.benches.gateway_clients import Wire, close_all, read_all
from scripts.benches.gateway_servers import Server, serving

SCREENS, RATE_PER_S, SECONDS = 500, 50, 10
READERS, SLEEPERS, ROUNDS = 100, 100, 5
EVENTS = 200  # of a round
FILLING, FILLING_PER_S = 500, 200  # what they have not read of fills every buffer
FIRST = 20  # what every first screen costs once is not counted
REST_S = 1.0
SMALL_BYTES = 4096
PATH = "/ws"


def _subscribed(server: Server, count: int, first: int = 0, small: bool = False) -> list[Wire]:
    wires = []
    for number in range(first, first + count):
        wire = Wire(server.url, PATH, number, SMALL_BYTES if small else None)
        wire.send("subscribe", f"screen-{number}")
        wire.answer()
        wires.append(wire)
    return wires


def _waits_s(
    server: Server, wires: list[Wire], count: int, rate_per_s: int = RATE_PER_S
) -> list[float]:
    """From each of `count` changes until each of `wires` has read of it."""
    for wire in wires:
        wire.be_there()
    server.order(f"events {rate_per_s} {count}")
    read_all(wires, last=b'"the last"')
    waits_s = [wait_s for wire in wires for wait_s in wire.waits_s()]
    if len(waits_s) != count * len(wires):
        raise RuntimeError(f"{len(waits_s)} of {count * len(wires)} events came")
    return waits_s


def _many() -> list[Figure]:
    with serving("ours") as server:
        close_all(_subscribed(server, FIRST))
        time.sleep(REST_S)
        empty_kb = server.resident_kb
        wires = _subscribed(server, SCREENS)
        time.sleep(REST_S)
        each_kb = (server.resident_kb - empty_kb) / SCREENS
        cpu_s = server.cpu_s
        waits_s = _waits_s(server, wires, RATE_PER_S * SECONDS)
        cpu_s = server.cpu_s - cpu_s
        close_all(wires)
    return [
        Figure(
            name="gateway.event_p99_500_screens",
            value=percentile(waits_s, 99) * 1000,
            unit="ms",
            limit=50.0,
            samples=len(waits_s),
            note=f"p50 {median(waits_s) * 1000:.1f} ms, {RATE_PER_S} changes a second;"
            f" {cpu_s / SECONDS:.0%} of a core",
        ),
        Figure(
            name="gateway.rss_a_screen",
            value=each_kb,
            unit="kB",
            limit=60.0,
            samples=SCREENS,
            note=f"{empty_kb / 1024:.0f} MB without them",
        ),
    ]


def _p99_s(server: Server, readers: list[Wire]) -> float:
    return percentile(_waits_s(server, readers, EVENTS), 99)


def _beside_sleepers() -> Figure:
    """By turns without and with them. They subscribe, stop reading, and soon have a full buffer;
    then what readers wait is measured."""
    ratios, alone_ms, beside_ms = [], [], []
    with serving("ours") as server:
        readers = _subscribed(server, READERS)
        _p99_s(server, readers)
        for _ in range(ROUNDS):
            alone_s = _p99_s(server, readers)
            sleepers = _subscribed(server, SLEEPERS, READERS, small=True)
            _waits_s(server, readers, FILLING, FILLING_PER_S)
            beside_s = _p99_s(server, readers)
            close_all(sleepers)
            ratios.append(beside_s / alone_s)
            alone_ms.append(alone_s * 1000)
            beside_ms.append(beside_s * 1000)
        close_all(readers)
    return Figure(
        name="gateway.event_p99_beside_sleepers",
        value=median(ratios),
        unit="×",
        limit=1.2,
        samples=ROUNDS * EVENTS * READERS,
        note=f"{median(alone_ms):.1f} → {median(beside_ms):.1f} ms, p99 of {READERS} screens that"
        f" read, beside {SLEEPERS} that do not",
    )


def run() -> list[Figure]:
    """The rows of this file. Takes two minutes."""
    gc.disable()  # a pause of the clients is none of the server's
    return [*_many(), _beside_sleepers()]
