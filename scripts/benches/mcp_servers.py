"""200 servers of 20 tools: how soon any of them can be used, what one costs, and what a call costs
beside the SDK's own client and the peers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from scripts.benches.figure import Figure
from scripts.benches.mcp_hive import SERVERS, hive
from scripts.benches.mcp_peers import Peer, measured

ROUNDS = 3
PEERS: tuple[Peer, ...] = ("fastmcp", "mcp-proxy")
_LONGEST_S = 200.0


def _ours(mode: str, database: Path, urls: list[str]) -> dict[str, float]:
    """See mcp_ours.py."""
    ran = subprocess.run(
        (sys.executable, "-m", "scripts.benches.mcp_ours", mode, database),
        input=json.dumps(urls),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_LONGEST_S,
    )
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _sdk_s() -> float:
    code = "import time; s = time.perf_counter(); import mcp; print(time.perf_counter() - s)"
    ran = subprocess.run((sys.executable, "-c", code), stdout=subprocess.PIPE, check=True)
    return float(ran.stdout)


def _starts(folder: Path, urls: list[str]) -> list[Figure]:
    """By turns with the peer, since the machine may be busy."""
    cold_s, stored_s, known_s, peer_s = [], [], [], []
    for number in range(ROUNDS):
        database = folder / f"{number}.db"
        cold_s.append(_ours("cold", database, urls)["used_s"])
        stored = _ours("stored", database, urls)
        stored_s.append(stored["used_s"])
        known_s.append(stored["known_s"])
        peer_s.append(measured("fastmcp", "cold", urls)["used_s"])
    note = "until all are known and the last one's tool has answered"
    return [
        Figure(
            name="mcp.start_stored",
            value=median(stored_s),
            unit="s",
            limit=1.0,
            samples=ROUNDS,
            note=f"until a tool of any of {SERVERS} servers has answered; all are known after"
            f" {median(known_s):.2f} s; to load the SDK alone takes {_sdk_s():.2f} s",
        ),
        Figure(
            name="mcp.start_cold",
            value=median(cold_s),
            unit="s",
            limit=10.0,
            samples=ROUNDS,
            note=note,
        ),
        Figure(
            name="mcp.start_cold_to_fastmcp",
            value=median(a / b for a, b in zip(cold_s, peer_s, strict=True)),
            unit="×",
            limit=0.5,
            peer=median(peer_s),
            peer_source="s, fastmcp's proxy",
            samples=ROUNDS,
            note=note,
        ),
    ]


def _calls(folder: Path, urls: list[str]) -> list[Figure]:
    """What is added to a call of the same server by the same kind of client, by turns."""
    ours, peers = [], []
    for number in range(ROUNDS):
        found = _ours("latency", folder / f"calls-{number}.db", urls)
        ours.append(found["ours_ms"] - found["direct_ms"])
        for peer in PEERS:
            theirs = measured(peer, "latency", urls[:1])
            peers.append((peer, theirs["peer_ms"] - theirs["direct_ms"]))
    figures = [
        Figure(
            name="mcp.call_added_p50",
            value=median(ours),
            unit="ms",
            limit=1.5,
            samples=ROUNDS * 600,
            note=f"with {SERVERS} servers connected",
        )
    ]
    for peer in PEERS:
        added_ms = median(value for name, value in peers if name == peer)
        figures.append(
            Figure(
                name=f"mcp.call_added_less_{peer}",
                value=median(ours) - added_ms,
                unit="ms",
                limit=0.0,
                peer=added_ms,
                peer_source=f"ms added by {peer}",
                samples=ROUNDS,
            )
        )
    return figures


def run() -> list[Figure]:
    """The rows of this file. Takes three minutes, and one more at the first time."""
    with tempfile.TemporaryDirectory() as name, hive() as urls:
        folder = Path(name)
        kept = _ours("memory", folder / "memory.db", urls)
        return [
            *_starts(folder, urls),
            Figure(
                name="mcp.rss_a_server",
                value=kept["each_kb"],
                unit="kB",
                limit=200.0,
                samples=SERVERS,
                note=f"connected; {kept['few_kb'] / 1024:.0f} MB with 20 of them",
            ),
            *_calls(folder, urls),
        ]
