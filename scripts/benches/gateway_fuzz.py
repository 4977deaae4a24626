"""Fuzzed frames and requests against the real daemon with the simulated house, which they may harm:
what crashes, what hangs, what tells of its inside, and what memory stays."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import psutil

from scripts.benches.figure import Figure
from tests.gateway.fuzz.run import fuzz_frames, fuzz_requests
from tests.gateway.fuzz.watch import FuzzError, Tally
from tests.support.daemon import running_daemon

FRAMES, REQUESTS = 190_000, 10_000
WARM_UP_FRAMES, WARM_UP_REQUESTS = 20_000, 1000
PIECES = 10
AGAIN = 4  # from each frame that is drawn


def _shares(url: str, ids: list[str]) -> list[Tally]:
    """A piece of the frames, a piece of the requests, and so on."""
    tallies = []
    for number in range(1, PIECES + 1):
        tallies += [
            fuzz_frames(url, FRAMES // PIECES, ids, number=number, again=AGAIN),
            fuzz_requests(url, REQUESTS // PIECES, number=number),
        ]
    return tallies


async def _first_uses(url: str) -> None:
    """What is loaded when it is first asked for is no leak: the encoders of speech."""
    async with aiohttp.ClientSession() as session:
        for form in ("wav", "mp3", "opus", "aac", "flac"):
            asked = {"input": "Warm up.", "voice": "alloy", "response_format": form}
            asked["model"] = "pichat"
            async with session.post(f"{url}/v1/audio/speech", json=asked) as response:
                await response.read()


def _tracebacks(log: str) -> list[str]:
    """How each one ends."""
    ends = []
    for traceback in log.split("Traceback (most recent")[1:]:
        lines = traceback.splitlines()[1:]
        ends.append(next((line for line in lines if line and not line.startswith(" ")), "?"))
    return ends


async def _run(directory: Path) -> list[Figure]:
    tallies: list[Tally] = []
    wrong, note = 0, ""
    async with running_daemon(directory) as daemon:
        found = await daemon.connect_and_ask("get_devices", {})
        ids = [device["id"] for device in found["devices"]]
        await asyncio.to_thread(fuzz_frames, daemon.url, WARM_UP_FRAMES, ids, again=AGAIN)
        await asyncio.to_thread(fuzz_requests, daemon.url, WARM_UP_REQUESTS)
        await _first_uses(daemon.url)
        process = psutil.Process(daemon.pid)
        before = process.memory_info().rss
        start_s = time.monotonic()
        try:
            tallies = await asyncio.to_thread(_shares, daemon.url, ids)
        except FuzzError as error:
            wrong, note = 1, str(error)
        took_s = time.monotonic() - start_s
        after = process.memory_info().rss
        wrong += daemon.process.returncode is not None
        told = _tracebacks(daemon.log)
        defects = len(told)
    unforeseen = sorted({each for tally in tallies for each in tally.unexpected})
    sent = sum(tally.sent for tally in tallies)
    return [
        Figure(
            name="gateway.fuzz_crashes_hangs_leaks",
            value=wrong + (sent < FRAMES + REQUESTS),
            unit="",
            limit=0,
            samples=sent,
            note=note or f"{took_s:.0f} s",
        ),
        Figure(
            name="gateway.fuzz_defects",
            value=defects + len(unforeseen),
            unit="",
            limit=0,
            samples=sent,
            note=", ".join([*unforeseen, *sorted(set(told))]),
        ),
        Figure(
            name="gateway.fuzz_rss_growth",
            value=(after / before - 1) * 100,
            unit="%",
            limit=5.0,
            samples=sent,
            note=f"{before / 1e6:.0f} → {after / 1e6:.0f} MB",
        ),
    ]


def run() -> list[Figure]:
    """The rows of this file. Takes ten minutes."""
    with TemporaryDirectory(prefix="pichat-bench-") as name:
        return asyncio.run(_run(Path(name)))
