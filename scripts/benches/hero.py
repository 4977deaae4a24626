"""The first command: typed text to a confirmed light, start-up and memory, on a real daemon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from pichat.cli.client import Connection, connect
from scripts.benches.figure import Figure, percentile
from scripts.benches.hub import raw_zigpy_ms
from tests.support.daemon import running_daemon
from tests.support.pulse import Pulse, pulse_server

HOME_ASSISTANT = "Home Assistant 2025.4 with ZHA, measured on this kind of machine"
COMMANDS = 200
STARTS = 50


def sentences() -> Iterable[str]:
    """Commands whose words differ from one to the next, so that no answer is ready in a cache;
    each changes the state, so that each is a real report."""
    for percent in range(1, 100):
        yield f"set the kitchen light to {percent} percent"
        yield f"turn {'off' if percent % 2 else 'on'} the hallway light"


async def _text_ms(connection: Connection, sentences: Iterable[str]) -> list[float]:
    times_ms = []
    for sentence in sentences:
        start_s = time.monotonic()
        answer = await connection.ask("chat", {"text": sentence})
        times_ms.append((time.monotonic() - start_s) * 1000)
        if answer["code"]:
            raise RuntimeError(f"{sentence!r} was not done: {answer['text']}")
    return times_ms


async def _text_to_complete(directory: Path, radio_delay_ms: float) -> list[float]:
    settings: dict[str, Any] = {"simulator": {"radio_delay_ms": radio_delay_ms}}
    async with running_daemon(directory, **settings) as daemon, connect(daemon.state_dir) as socket:
        await _text_ms(socket, islice(sentences(), 4))
        return await _text_ms(socket, islice(cycle(sentences()), COMMANDS))


async def text_figures(directory: Path) -> list[Figure]:
    """Text → report → `complete`, with no radio delay and with the usual one."""
    bare_ms = await _text_to_complete(directory / "bare", 0)
    usual_ms = await _text_to_complete(directory / "usual", 15)
    raw_ms = await raw_zigpy_ms(directory / "raw", radio_delay_ms=15, samples=COMMANDS // 2)
    return [
        Figure(
            name="hero.text_to_complete_p50",
            value=median(bare_ms),
            unit="ms",
            limit=9,
            peer=9.0,
            peer_source=HOME_ASSISTANT,
            samples=len(bare_ms),
        ),
        Figure(
            name="hero.text_to_complete_p95",
            value=percentile(bare_ms, 95),
            unit="ms",
            limit=15,
            peer=12.7,
            peer_source=HOME_ASSISTANT,
            samples=len(bare_ms),
        ),
        Figure(
            name="hero.text_to_complete_over_raw_zigpy",
            value=median(usual_ms) / median(raw_ms),
            unit="×",
            limit=1.5,
            peer=1.0,
            peer_source=f"raw zigpy call, {median(raw_ms):.1f} ms in this run",
            samples=len(usual_ms),
            note=f"{median(usual_ms):.1f} ms",
        ),
    ]


async def start_figures(directory: Path, pulse: Pulse) -> list[Figure]:
    """`pichat run` → READY on a house that is known, with the voice loop listening."""
    took_s = []
    state_dir = directory / "start"
    for number in range(STARTS + 1):
        start_s = time.monotonic()
        async with running_daemon(state_dir, pulse.environment, voice={"enabled": True}):
            if number:  # the first start pairs the house
                took_s.append(time.monotonic() - start_s)
    return [
        Figure(
            name="hero.run_to_ready_p50",
            value=median(took_s),
            unit="s",
            limit=3,
            peer=4.8,
            peer_source=HOME_ASSISTANT,
            samples=len(took_s),
        )
    ]


def _rss_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 1e6)


async def memory_of(pid: int, samples: int = 50) -> list[float]:
    """RSS of one process, without its children, in MB."""
    found = []
    for _ in range(samples):
        found.append(_rss_mb(pid))
        await asyncio.sleep(0.1)
    return found


def run() -> list[Figure]:
    with TemporaryDirectory(prefix="pichat-bench-") as name:
        directory = Path(name)
        figures = asyncio.run(text_figures(directory))
        with pulse_server() as pulse:
            return figures + asyncio.run(start_figures(directory, pulse))
