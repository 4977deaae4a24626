"""A client of the protocol, as a screen would be."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

DEADLINE_S = 5.0
Frame = dict[str, Any]


class Screen:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self._number = 0

    @property
    def transport(self) -> asyncio.Transport:
        connection = self.socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        return connection.transport

    async def send(
        self, action: str, payload: Frame | None = None, request_id: str | None = None
    ) -> str:
        self._number += 1
        request_id = request_id or f"r{self._number}"
        frame = {"action": action, "payload": payload or {}, "request_id": request_id}
        await self.socket.send_str(json.dumps(frame))
        return request_id

    async def receive(self) -> Frame:
        async with asyncio.timeout(DEADLINE_S):
            frame: Frame = json.loads(await self.socket.receive_str())
        return frame

    async def until_last(self, request_id: str) -> list[Frame]:
        """The frames of one request up to its `complete` or `error`; others are passed over."""
        frames: list[Frame] = []
        while not frames or frames[-1]["status"] not in ("complete", "error"):
            frame = await self.receive()
            if frame["request_id"] == request_id:
                frames.append(frame)
        return frames

    async def ask(self, action: str, payload: Frame | None = None) -> Frame:
        """The last frame of the reply."""
        return (await self.until_last(await self.send(action, payload)))[-1]

    async def error_of(self, text: str | bytes) -> Frame:
        """Send a raw text frame and return the error that answers it."""
        raw = text.encode() if isinstance(text, str) else text
        await self.socket.send_frame(raw, aiohttp.WSMsgType.TEXT)
        frame = await self.receive()
        assert frame["status"] == frame["action"] == "error", frame
        assert frame["error"] == frame["payload"]["message"]
        assert isinstance(frame["request_id"], str)
        return frame

    async def still_there(self) -> None:
        assert (await self.ask("ping"))["action"] == "pong"


@asynccontextmanager
async def connect(url: str, path: str = "/ws/chat", **options: Any) -> AsyncIterator[Screen]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}{path}", max_msg_size=0, **options) as socket,
    ):
        yield Screen(socket)
