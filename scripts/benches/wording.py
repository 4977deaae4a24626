"""What it costs to say numbers, units and markdown as a person would: memory and time."""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import msgspec

from pichat.tts.spoken import speakable
from scripts.benches.figure import Figure

_PLAIN = "The kitchen light is on."
_FULL = "- **Kitchen**: 21.5 °C, and the light uses 12.5 kWh since 15:30."
_TIMES = 500
# What the daemon has loaded by then is loaded first, so that it does not count.
_FIRST = """
import gc, json, sys, time
import aiohttp, decimal, structlog
import pichat.turn.mouth
from pichat.tts.spoken import speakable

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

gc.collect()
before_mb, start_s = resident_mb(), time.perf_counter()
speakable(sys.argv[1], "en")
print(json.dumps([resident_mb() - before_mb, (time.perf_counter() - start_s) * 1000]))
"""


def run() -> list[Figure]:
    """Every figure of the file."""
    firsts = [_first() for _ in range(5)]
    return [
        Figure(
            name="llm.wording_rss",
            value=median(added_mb for added_mb, _ in firsts),
            unit="MB",
            limit=3.0,
            samples=len(firsts),
            note="once, at the first sentence with units and markdown; part of the daemon's 15 MB",
        ),
        Figure(
            name="llm.wording_first",
            value=median(took_ms for _, took_ms in firsts),
            unit="ms",
            samples=len(firsts),
            note="the same sentence, and what it loads",
        ),
        _each("llm.wording_sentence", _FULL),
        _each("llm.wording_plain_sentence", _PLAIN),
    ]


def _first() -> tuple[float, float]:
    """What the first sentence adds in MB, and takes in ms, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _FIRST, _FULL], capture_output=True, text=True, check=True
    )
    return msgspec.json.decode(done.stdout, type=tuple[float, float])


def _each(name: str, sentence: str) -> Figure:
    speakable(sentence, "en")
    start_s = time.perf_counter()
    for _ in range(_TIMES):
        speakable(sentence, "en")
    each_ms = (time.perf_counter() - start_s) * 1000 / _TIMES
    return Figure(name=name, value=each_ms, unit="ms", samples=_TIMES, note=f"“{sentence}”")
