"""What the worker process costs around Whisper, on a model so small that it is nearly all cost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from pichat.bus import Bus
from pichat.health import Health
from pichat.stt.whisper import Whisper
from pichat.worker.settle import environment, thread_count
from scripts.benches.figure import Figure
from tests.support.speech import silence, spoken
from tests.support.tiny_whisper import SENTENCE, write_tiny_whisper
from tests.worker.processes import gone

STARTS, REQUESTS = 5, 40
IDLE_S = 0.5
DAEMON_MB = 3.0
SPOKEN = "what is the capital of france"


def run() -> list[Figure]:
    """Every figure of the group."""
    with TemporaryDirectory() as directory:
        folder = write_tiny_whisper(Path(directory) / "tiny")
        figures, through_worker_ms = asyncio.run(_worker(folder))
        direct_ms = _direct_ms(folder)
    ratio = Figure(
        name="voice.whisper_round_trip",
        value=through_worker_ms / direct_ms,
        unit="×",
        samples=REQUESTS,
        note=f"{through_worker_ms:.1f} ms in the worker, which also asks whether anybody speaks, "
        f"over {direct_ms:.1f} ms of faster-whisper in one's own process",
    )
    return [*figures, ratio]


def _sound() -> bytes:
    return spoken(SPOKEN) + silence(2)


async def _worker(folder: Path) -> tuple[list[Figure], float]:
    sound, daemon = _sound(), psutil.Process()
    before = daemon.memory_info().rss
    start_ms = [await _start_ms(folder) for _ in range(STARTS)]
    async with Whisper(folder, Health(Bus()), idle_s=IDLE_S) as whisper:
        request_ms = [await _request_ms(whisper, sound) for _ in range(REQUESTS + 1)][1:]
        growth_mb = (daemon.memory_info().rss - before) / 1e6
        pid = whisper.worker.pid
        child_mb = 0.0 if pid is None else psutil.Process(pid).memory_info().rss / 1e6
        if pid is not None:
            await gone(pid)
    figures = [
        Figure(
            name="voice.whisper_start",
            value=median(start_ms),
            unit="ms",
            samples=STARTS,
            note="process, libraries and model",
        ),
        Figure(name="voice.whisper_daemon_rss", value=growth_mb, unit="MB", limit=DAEMON_MB),
        Figure(
            name="voice.whisper_freed", value=child_mb, unit="MB", note="given back when it is idle"
        ),
    ]
    return figures, median(request_ms)


async def _start_ms(folder: Path) -> float:
    async with Whisper(folder, Health(Bus()), idle_s=IDLE_S) as whisper:
        before_s = time.perf_counter()
        await whisper.worker.load()
        return (time.perf_counter() - before_s) * 1000


async def _request_ms(whisper: Whisper, sound: bytes) -> float:
    before_s = time.perf_counter()
    if await whisper.transcribe(sound, "en") != SENTENCE:
        raise RuntimeError("the worker's text is not the model's")
    return (time.perf_counter() - before_s) * 1000


def _direct_ms(folder: Path) -> float:
    """In a process of its own with the worker's settings: what it loads is not the daemon's."""
    command = [sys.executable, "-m", "scripts.benches.whisper", str(folder)]
    environ = {**os.environ, **environment()}
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _measure_direct(folder: Path) -> float:
    from faster_whisper import WhisperModel

    sound, times_ms = _sound(), []
    model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=thread_count())
    for _ in range(REQUESTS + 1):
        before_s = time.perf_counter()
        samples = np.frombuffer(sound, np.int16).astype(np.float32) / 32_768
        segments, _ = model.transcribe(
            samples, "en", beam_size=1, temperature=0, without_timestamps=True
        )
        if "".join(part.text for part in segments).strip() != SENTENCE:
            raise RuntimeError("faster-whisper's text is not the model's")
        times_ms.append((time.perf_counter() - before_s) * 1000)
    return median(times_ms[1:])


if __name__ == "__main__":
    print(_measure_direct(Path(sys.argv[1])))
