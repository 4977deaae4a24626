"""The servers that are measured, each in a process of its own: `python -m
scripts.benches.gateway_servers ours|peer|echo`. It prints its address; then it obeys the lines that
it reads."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import psutil

from scripts.benches.gateway_clients import stamp

LAMP = "00:12:4b:00:00:00:00:03"
Kind = Literal["ours", "peer", "echo"]


class Server:
    """One of them, running. `url`: where it listens."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._in, self._out = process, process.stdin, process.stdout
        self._measured = psutil.Process(process.pid)
        self.url = self._out.readline().strip()
        if not self.url:
            raise RuntimeError("the server did not start")

    def order(self, line: str) -> None:
        """`events RATE COUNT`: so many device changes, so many a second, and then the last."""
        self._in.write(f"{line}\n")
        self._in.flush()

    @property
    def resident_kb(self) -> float:
        return float(self._measured.memory_info().rss) / 1024

    @property
    def cpu_s(self) -> float:
        times = self._measured.cpu_times()
        return float(times.user + times.system)


@contextmanager
def serving(kind: Kind) -> Iterator[Server]:
    """A server of that kind, which ends with the context."""
    command = [sys.executable, "-m", "scripts.benches.gateway_servers", kind]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


async def _ours() -> None:
    """The real gateway with scripted turns, and a house that reports when it is told to."""
    from pichat.config.types import Logging
    from pichat.logs import set_up_logs
    from tests.gateway.fakes import running_world

    set_up_logs(Logging(level="error"))
    async with running_world() as world:
        print(world.url, flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            _, rate, count = line.split()
            start_s = loop.time()
            for number in range(int(count)):
                await asyncio.sleep(start_s + number / float(rate) - loop.time())
                world.house.report(LAMP, colour=stamp())
            world.house.report(LAMP, colour="the last")


async def _peer() -> None:
    from scripts.benches.gateway_peer import serve

    await serve()


async def _echo() -> None:
    from aiohttp import WSMsgType, web

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/ws/chat", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    gc.freeze()
    asyncio.run({"ours": _ours, "peer": _peer, "echo": _echo}[sys.argv[1]]())
