"""A streamed chat beside FastAPI and uvicorn, and a ping beside a bare echo, each with the same
clients in the same run."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from statistics import median

import msgspec

from scripts.benches.figure import Figure, percentile
from scripts.benches.gateway_clients import Wire, close_all, read_all
from scripts.benches.gateway_servers import Server, serving

CLIENTS, CHUNKS, ROUNDS = 200, 100, 7
PINGS, PING_ROUNDS = 1000, 6
WARM_UP = 100
PATH = "/ws/chat"
PEER = "FastAPI + uvicorn (pydantic, model_dump_json)"


class Streamed(msgspec.Struct, frozen=True):
    chunks_per_s: float
    wait_p99_ms: float  # from when the model had a chunk until it was read
    cpu_us: float  # the server's, for each chunk


def _stream(server: Server) -> Streamed:
    wires = [Wire(server.url, PATH, number) for number in range(CLIENTS)]
    cpu_s, start_s = server.cpu_s, time.monotonic()
    for number, wire in enumerate(wires):
        wire.send("chat", f"chat-{number}", {"text": f"stream {CHUNKS}"})
    read_all(wires, last=b'"complete"')
    took_s, cpu_s = time.monotonic() - start_s, server.cpu_s - cpu_s
    waits_s = [wait_s for wire in wires for wait_s in wire.waits_s()]
    close_all(wires)
    if len(waits_s) < CLIENTS * CHUNKS:
        raise RuntimeError(f"only {len(waits_s)} chunks came")
    return Streamed(
        CLIENTS * CHUNKS / took_s,
        percentile(waits_s, 99) * 1000,
        cpu_s / CLIENTS / CHUNKS * 1e6,
    )


def _streams() -> list[Figure]:
    """By turns, so that both meet the same machine; the first of each is a warm-up."""
    with serving("ours") as us, serving("peer") as peer:
        pairs = [(_stream(us), _stream(peer)) for _ in range(ROUNDS + 1)][1:]

    def middle(side: int, get: Callable[[Streamed], float]) -> float:
        return median(get(pair[side]) for pair in pairs)

    def ratio(get: Callable[[Streamed], float]) -> float:
        return median(get(ours) / get(peers) for ours, peers in pairs)

    ours_us, peers_us = (middle(side, lambda result: result.cpu_us) for side in (0, 1))
    cpu = f"{ours_us:.0f} µs of CPU a chunk, the peer {peers_us:.0f}"
    return [
        Figure(
            name="gateway.chunks_over_peer",
            value=ratio(lambda result: result.chunks_per_s),
            unit="×",
            limit=1.5,
            sense="at least",
            peer=middle(1, lambda result: result.chunks_per_s),
            peer_source=f"a second, {PEER}",
            samples=ROUNDS,
            note=f"{middle(0, lambda result: result.chunks_per_s):.0f} a second; {cpu}",
        ),
        Figure(
            name="gateway.chunk_p99_over_peer",
            value=ratio(lambda result: result.wait_p99_ms),
            unit="×",
            limit=0.8,
            peer=middle(1, lambda result: result.wait_p99_ms),
            peer_source="ms in that run",
            samples=ROUNDS * CLIENTS * CHUNKS,
            note=f"{middle(0, lambda result: result.wait_p99_ms):.1f} ms, p99",
        ),
    ]


def _pings_us(wire: Wire, count: int) -> list[float]:
    times_us = []
    for number in range(count):
        start_s = time.perf_counter()
        wire.send("ping", f"ping-{number}")
        wire.answer()
        times_us.append((time.perf_counter() - start_s) * 1e6)
    return times_us


def _ping() -> Figure:
    ours_us: list[float] = []
    echo_us: list[float] = []
    with serving("ours") as us, serving("echo") as echo:
        ways = ((Wire(us.url, PATH), ours_us), (Wire(echo.url, PATH), echo_us))
        for wire, _ in ways:
            _pings_us(wire, WARM_UP)
        for wire, times_us in ways * PING_ROUNDS:
            times_us += _pings_us(wire, PINGS)
        close_all(wire for wire, _ in ways)
    return Figure(
        name="gateway.ping_p50_over_echo",
        value=median(ours_us) / median(echo_us),
        unit="×",
        limit=1.5,
        peer=median(echo_us),
        peer_source="µs, a bare aiohttp echo",
        samples=len(ours_us),
        note=f"{median(ours_us):.0f} µs, p50",
    )


def run() -> list[Figure]:
    """The rows of this file. Takes half a minute."""
    gc.disable()  # a pause of the clients is none of the servers'
    return [*_streams(), _ping()]
