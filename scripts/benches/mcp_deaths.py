"""20 servers, killed and started again at random while they are called: every call ends, none with
a wrong result, and each that fails says why."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil

from scripts.benches.figure import Figure

PROGRAMS, ADDRESSES, CALLS, AT_ONCE = 12, 8, 1000, 8
EVERY_S = 0.03
LONGEST_S = 30.0
_MORTAL = Path(__file__).with_name("mcp_mortal.py")


class Mortals:
    """Those with an address are this bench's own processes; programs are PiChat's children."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ports = [_free_port() for _ in range(ADDRESSES)]
        self.running: list[subprocess.Popen[str] | None] = [None] * ADDRESSES
        self.killed = 0

    def command(self, *more: str) -> tuple[str, ...]:
        return (sys.executable, "-I", str(_MORTAL), *more)

    async def raise_up(self, index: int) -> None:
        process = subprocess.Popen(  # noqa: ASYNC220
            self.command(str(self.ports[index])),
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self.running[index] = process
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)

    async def kill_for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S * 2 * self.random.random())
            index = self.random.randrange(PROGRAMS + ADDRESSES)
            if index >= ADDRESSES:
                self._kill_a_program()
            elif self.running[index] is not None:
                self._kill(index)
                await self.raise_up(index)

    def _kill_a_program(self) -> None:
        ours = psutil.Process().children()
        programs = [each for each in ours if _is_program(each)]
        if programs:
            with suppress(psutil.NoSuchProcess):
                self.random.choice(programs).send_signal(signal.SIGKILL)
                self.killed += 1

    def _kill(self, index: int) -> None:
        process, self.running[index] = self.running[index], None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            self.killed += 1

    def end(self) -> None:
        for index in range(ADDRESSES):
            self._kill(index)


def _is_program(process: psutil.Process) -> bool:
    try:
        line = process.cmdline()
    except psutil.Error:
        return False
    return line[-1:] == [str(_MORTAL)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def _measure(folder: Path) -> tuple[Counter[str], int]:
    from pichat.config.types import McpServer
    from pichat.mcp.aggregator import Aggregator
    from pichat.mcp.shelf import Shelf
    from pichat.store.db import open_database
    from pichat.store.mcp import McpTable

    mortals, outcomes = Mortals(seed=os.getpid()), Counter[str]()
    changed = asyncio.Event()
    async with open_database(folder / "deaths.db") as database:
        aggregator = Aggregator(await Shelf.load(McpTable(database)), lambda _: changed.set())
        serving = asyncio.create_task(aggregator.serve())
        with ExitStack() as stack:
            stack.callback(mortals.end)
            for index in range(ADDRESSES):
                await mortals.raise_up(index)
            settings = {
                f"m{index}": McpServer(url=f"http://127.0.0.1:{port}/mcp", call_timeout_s=5.0)
                for index, port in enumerate(mortals.ports)
            }
            for index in range(ADDRESSES, ADDRESSES + PROGRAMS):
                settings[f"m{index}"] = McpServer(command=mortals.command(), call_timeout_s=5.0)
            aggregator.set_servers(settings)
            while len(aggregator.now.tools) < len(settings):
                changed.clear()
                await changed.wait()
            killing = asyncio.create_task(mortals.kill_for_ever())
            numbers = iter(range(CALLS))
            await asyncio.gather(
                *(_call_all(aggregator, numbers, outcomes) for _ in range(AT_ONCE))
            )
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
    return outcomes, mortals.killed


async def _call_all(aggregator: Any, numbers: Any, outcomes: Counter[str]) -> None:
    for number in numbers:
        outcomes[await _called(aggregator, number)] += 1
        await asyncio.sleep(0.01)


async def _called(aggregator: Any, number: int) -> str:
    """What became of a call, in a word."""
    from pichat.errors import PiChatError

    alias = f"m{number % (PROGRAMS + ADDRESSES)}__echo"
    try:
        async with asyncio.timeout(LONGEST_S):
            result = await aggregator.call(alias, {"text": f"said {number}"})
    except PiChatError as error:
        return error.code if error.sentence.endswith(".") else "unnamed"
    except TimeoutError:
        return "hung"
    except Exception as error:  # noqa: BLE001  (that is what is counted)
        return f"unnamed {type(error).__name__}"
    right = getattr(result.content[0], "text", "") == f"said {number}"
    return "done" if right else "wrong"


def run() -> list[Figure]:
    """The rows of this file. Takes half a minute."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes, killed = asyncio.run(_measure(Path(folder)))
    named = {"done", "mcp_down", "mcp_lost", "mcp_silent"}
    note = f"{killed} killed; " + ", ".join(f"{each} {count}" for each, count in outcomes.items())
    counts = {
        "hung": outcomes["hung"],
        "wrong": outcomes["wrong"],
        "unnamed": sum(count for each, count in outcomes.items() if each not in named)
        - outcomes["hung"]
        - outcomes["wrong"],
    }
    return [
        Figure(
            name=f"mcp.deaths_{kind}", value=count, unit="calls", limit=0, samples=CALLS, note=note
        )
        for kind, count in counts.items()
    ]
