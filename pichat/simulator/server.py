"""The control socket: requests as JSON lines, answered in order, one line each.

A request is `{"op": …}` with the operation's fields; the answer is `{"ok": true, …}` or
`{"ok": false, "error": sentence}`. After `watch`, events follow on the same connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from pichat.errors import PiChatError
from pichat.simulator import noise  # noqa: F401 -- registers its operation
from pichat.simulator.errors import SimulatorError
from pichat.simulator.operations import OPERATIONS
from pichat.simulator.sockets import reachable
from pichat.simulator.world import Simulator

LINE_BYTES = 65536
WATCH_EVENTS = 256


class ControlServer:
    """Listens on a unix socket that only its owner may open (mode 0600)."""

    def __init__(self, simulator: Simulator, path: Path) -> None:
        self._simulator = simulator
        self._path = path
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ControlServer:
        """Raises SimulatorError when another simulator listens there, or it cannot be made."""
        try:
            await self._claim()
            mask = os.umask(0o177)
            try:
                with reachable(self._path) as name:
                    self._server = await asyncio.start_unix_server(
                        self._accept, name, limit=LINE_BYTES
                    )
            finally:
                os.umask(mask)
        except OSError as error:
            reason = error.strerror or str(error)
            raise SimulatorError(f"No control socket at {self._path}: {reason}.") from error
        return self

    async def _claim(self) -> None:
        """Takes a socket away that a simulator left behind; one that answers stays."""
        if not self._path.exists():
            return
        if not self._path.is_socket():
            raise SimulatorError(f"{self._path} is there already and is no socket.")
        try:
            with reachable(self._path) as name:
                _, writer = await asyncio.open_unix_connection(name)
        except ConnectionRefusedError:
            self._path.unlink()
            return
        writer.close()
        raise SimulatorError(f"Another simulator already listens on {self._path}.")

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                writer.write(_line({"ok": False, "error": "That line is too long."}))
                await writer.drain()
                return
            if not line:
                return
            answer = await self._answer(line)
            writer.write(_line(answer))
            await writer.drain()
            if answer.get("watching"):
                await self._watch(reader, writer, air=answer["air"])
                return

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(line)
            if not isinstance(request, dict) or not isinstance(request.get("op"), str):
                raise SimulatorError("A request is a JSON object with an op.")
            operation = OPERATIONS.get(request["op"])
            if operation is None:
                known = ", ".join(sorted(OPERATIONS))
                raise SimulatorError(f"No operation {request['op']!r}; there are {known}.")
            return {"ok": True, **await operation(self._simulator, request)}
        except msgspec.DecodeError:
            return {"ok": False, "error": "That is not JSON."}
        except PiChatError as error:
            return {"ok": False, "error": error.sentence}

    async def _watch(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, air: bool
    ) -> None:
        """A watcher that does not read is disconnected."""
        events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(WATCH_EVENTS + 1)

        def listen(event: dict[str, Any]) -> None:
            if events.qsize() < WATCH_EVENTS:
                events.put_nowait(event)
            elif not events.full():
                events.put_nowait(None)

        household = self._simulator.household
        household.listeners.add(listen)
        if air:
            household.air_listeners.add(listen)
        gone = asyncio.create_task(reader.read())
        gone.add_done_callback(lambda _: None if events.full() else events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                writer.write(_line(event))
                await writer.drain()
        finally:
            household.listeners.discard(listen)
            household.air_listeners.discard(listen)
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await gone


def _line(message: dict[str, Any]) -> bytes:
    return msgspec.json.encode(message) + b"\n"
