"""Talking to a running simulator over its control socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec

from pichat.simulator.errors import SimulatorAbsentError, SimulatorError
from pichat.simulator.sockets import reachable

ANSWER_S = 10.0
LINE_BYTES = 1 << 20


class SimulatorClient:
    """Requests to a simulator, one at a time; `async with` closes the connection.

    Every method raises SimulatorAbsentError when nobody listens, and SimulatorError with the
    simulator's own sentence when it refuses. Devices are named by their id (`kitchen-light`);
    values are in human units (bool, percent, kelvin, degrees Celsius, watt).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> SimulatorClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            with reachable(self._path) as name:
                return await asyncio.open_unix_connection(name, limit=LINE_BYTES)
        except OSError as error:
            raise SimulatorAbsentError(
                f"No simulator listens on {self._path}. Is it running?"
            ) from error

    async def request(self, op: str, **fields: Any) -> dict[str, Any]:
        """Any operation by name; the answer without its `ok`."""
        async with self._lock:
            if self._streams is None:
                self._streams = await self._connect()
            try:
                async with asyncio.timeout(ANSWER_S):
                    return await _ask(self._streams, {"op": op, **fields})
            except (OSError, TimeoutError, msgspec.DecodeError) as error:
                await self.close()
                raise SimulatorAbsentError("The simulator does not answer.") from error

    async def status(self) -> dict[str, Any]:
        """`path`, `plugged`, `ezsp`, `up`, `joining`, `network`, `settings`."""
        return await self.request("status")

    async def list(self) -> list[dict[str, Any]]:
        """Every device: `id`, `name`, `area`, `kind`, `ieee`, `joined`, `values`, `link`."""
        devices: list[dict[str, Any]] = (await self.request("list"))["devices"]
        return devices

    async def get(self, device: str) -> dict[str, Any]:
        """One device, with `units`, `settable`, `bindings`, `reporting` and `groups` besides."""
        return await self.request("get", device=device)

    async def values(self, device: str) -> dict[str, Any]:
        values: dict[str, Any] = (await self.get(device))["values"]
        return values

    async def set(self, device: str, **values: Any) -> dict[str, Any]:
        """Changes values from outside, as nature or a hand would; returns all values."""
        changed: dict[str, Any] = (await self.request("set", device=device, values=values))[
            "values"
        ]
        return changed

    async def press(self, device: str) -> dict[str, Any]:
        """Presses the device's button; a motion sensor sees somebody pass."""
        pressed: dict[str, Any] = (await self.request("press", device=device))["values"]
        return pressed

    async def settings(self, **settings: Any) -> dict[str, Any]:
        """Changes `radio_delay_ms`, `loss` and the other radio settings; returns them all."""
        now: dict[str, Any] = (await self.request("settings", **settings))["settings"]
        return now

    async def device(self, device: str, **link: Any) -> dict[str, Any]:
        """Changes fields of `pichat.simulator.node.parts.Link` of one; returns them all."""
        now: dict[str, Any] = (await self.request("device", device=device, **link))["link"]
        return now

    async def watch(self, *, air: bool = False) -> AsyncGenerator[dict[str, Any], None]:
        """Events as they happen, on a connection of their own.

        `{"event": "changed", "device", "values"}`, `{"event": "joined" | "left" | "rejoined",
        "device"}`; the first is `{"event": "snapshot", "devices"}`. With `air`, besides, what
        arrives at devices: `{"event": "command" | "general", "device", "cluster", "number"}` and
        `{"event": "zdo", "device", "number"}`, and `{"event": "held", "device"}` when a parent
        keeps a message for a sleeping child. Ends when the simulator does.
        """
        reader, writer = await self._connect()
        try:
            answer = await _ask((reader, writer), {"op": "watch", "air": air})
            yield {"event": "snapshot", "devices": answer["devices"]}
            while line := await reader.readline():
                yield msgspec.json.decode(line)
        except ConnectionError:
            return
        finally:
            writer.close()


async def _ask(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: dict[str, Any]
) -> dict[str, Any]:
    reader, writer = streams
    writer.write(msgspec.json.encode(request) + b"\n")
    await writer.drain()
    line = await reader.readline()
    if not line:
        raise ConnectionResetError
    answer: dict[str, Any] = msgspec.json.decode(line)
    if not answer.pop("ok"):
        raise SimulatorError(str(answer.get("error")))
    return answer
