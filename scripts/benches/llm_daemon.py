"""What thinking costs the daemon: the radio while the model of this machine writes at full speed,
and the memory of the process itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from pichat.cli.client import Connection, connect
from scripts.benches.figure import Figure, percentile
from scripts.benches.hero import memory_of, sentences
from scripts.benches.llm_chain import completions
from scripts.tiny_gguf import LARGE, write_tiny_gguf
from tests.support.daemon import running_daemon

_ROUNDS = 6
_COMMANDS = 60  # in each round, idle and busy
_TURNS = 20
_SAYS = ("It ", "is ", "a ", "fine ", "day.")
_ALONE = {"chain": ["local"], "parameters": {"max_tokens": 4000}}


async def _commands_ms(connection: Connection, count: int, start: int) -> list[float]:
    times_ms = []
    for sentence in islice(cycle(sentences()), start, start + count):
        began_s = time.monotonic()
        answer = await connection.ask("chat", {"text": sentence, "profile": "default"})
        times_ms.append((time.monotonic() - began_s) * 1000)
        if answer["code"]:
            raise RuntimeError(f"{sentence!r} was not done: {answer['text']}")
    return times_ms


@asynccontextmanager
async def _writing(state_dir: Path) -> AsyncIterator[None]:
    """The model writes one story after the other, from its first word on, until the context
    ends."""
    async with connect(state_dir) as connection:
        begun = asyncio.Event()

        async def read() -> None:
            number = 0
            while True:
                number += 1
                payload = {"text": "a story", "profile": "alone", "conversation_id": f"{number}"}
                async for frame in connection.stream("chat", payload):
                    if frame["status"] == "chunk":
                        begun.set()

        reading = asyncio.create_task(read())
        try:
            async with asyncio.timeout(120):
                await begun.wait()
            yield
            if reading.done():
                reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def _radio(directory: Path) -> Figure:
    model = write_tiny_gguf(directory / "large.gguf", shape=LARGE, ends=None)
    settings: dict[str, Any] = {
        "llm": {"local": {"model": str(model), "context_tokens": 8192}},
        "profiles": {"alone": _ALONE},
    }
    idle_ms: list[float] = []
    busy_ms: list[float] = []
    async with (
        running_daemon(directory, **settings) as daemon,
        connect(daemon.state_dir) as connection,
    ):
        await _commands_ms(connection, 10, 0)
        for number in range(_ROUNDS):
            start = number * 2 * _COMMANDS
            idle_ms += await _commands_ms(connection, _COMMANDS, start)
            async with _writing(daemon.state_dir):
                busy_ms += await _commands_ms(connection, _COMMANDS, start + _COMMANDS)
    return Figure(
        name="llm.radio_while_writing_p95_over_idle",
        value=percentile(busy_ms, 95) / percentile(idle_ms, 95),
        unit="×",
        limit=1.3,
        samples=len(busy_ms),
        note=f"p50 {median(idle_ms):.1f} → {median(busy_ms):.1f} ms, p95"
        f" {percentile(idle_ms, 95):.1f} → {percentile(busy_ms, 95):.1f} ms",
    )


async def _memory_mb(directory: Path, settings: dict[str, Any], profiles: tuple[str, ...]) -> float:
    async with (
        running_daemon(directory, **settings) as daemon,
        connect(daemon.state_dir) as connection,
    ):
        await _commands_ms(connection, _COMMANDS, 0)
        for profile in profiles * _TURNS:
            await connection.ask("chat", {"text": "tell me a story", "profile": profile})
        return median(await memory_of(daemon.pid, samples=20))


async def _memory(directory: Path) -> Figure:
    model = write_tiny_gguf(directory / "tiny.gguf", says=_SAYS)
    async with completions() as port:
        cloud = {"kind": "openai", "model": "any", "url": f"http://127.0.0.1:{port}/v1"}
        thinking: dict[str, Any] = {
            "llm": {"local": {"model": str(model)}, "providers": {"server": cloud}},
            "profiles": {
                "alone": {"chain": ["local"]},
                "away": {"chain": ["server"], "may_use_cloud": True},
            },
        }
        plain_mb = await _memory_mb(directory / "plain", {}, ())
        thinking_mb = await _memory_mb(directory / "thinking", thinking, ("alone", "away"))
    return Figure(
        name="llm.daemon_rss_added",
        value=thinking_mb - plain_mb,
        unit="MB",
        limit=15,
        samples=2 * _TURNS,
        note=f"{plain_mb:.0f} → {thinking_mb:.0f} MB, after turns by a local model and a server",
    )


async def _measure(directory: Path) -> list[Figure]:
    return [await _radio(directory / "radio"), await _memory(directory / "memory")]


def run() -> list[Figure]:
    """The rows of this file. Takes two minutes."""
    with TemporaryDirectory(prefix="pichat-bench-") as name:
        folder = Path(name)
        for each in ("radio", "memory"):
            (folder / each).mkdir()
        return asyncio.run(_measure(folder))
