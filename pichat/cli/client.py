"""The shell's side of the WebSocket protocol: ask the running daemon, print what it streams."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from pichat.cli.trust import trusted
from pichat.errors import NotAllowedError, NotFoundError, PiChatError, UnavailableError
from pichat.state import read_secret, running_url

_ANSWER_S = 10.0
"""A daemon that runs answers a connection, and then a ping, within this."""


NOT_KNOWN = (
    "PiChat does not let this user in: the file local.token in its state directory can be read only"
    " by the user that runs it. Use that one, such as: sudo -u pichat pichat …"
)


class Connection:
    """One WebSocket; its frames are read by one request at a time."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, action: str, payload: dict[str, Any]) -> str:
        """Send a request and return its id."""
        request_id = uuid.uuid4().hex[:12]
        frame = {"action": action, "payload": payload, "request_id": request_id}
        # A terminal hands bytes that are not UTF-8 over as halves of characters.
        text = json.dumps(frame, ensure_ascii=False).encode(errors="replace")
        await self._socket.send_str(text.decode())
        return request_id

    async def send_audio(self, block: bytes) -> None:
        await self._socket.send_bytes(block)

    async def frames(self) -> AsyncIterator[dict[str, Any]]:
        """Every text frame of the daemon. Raises UnavailableError when it goes away."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield json.loads(message.data)
        raise UnavailableError("PiChat closed the connection.")

    async def stream(self, action: str, payload: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The frames that answer one request, the last one `complete`. Raises on `error`."""
        request_id = await self.send(action, payload)
        async for frame in self.frames():
            if frame.get("request_id") != request_id:
                continue
            if frame["status"] == "error":
                if frame["payload"]["code"] == "unauthenticated":
                    raise NotAllowedError(NOT_KNOWN)
                raise PiChatError.of(frame["payload"]["code"], frame["error"])
            yield frame
            if frame["status"] == "complete":
                return

    async def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload of the request's `complete`."""
        answer: dict[str, Any] = {}
        async for frame in self.stream(action, payload):
            answer = frame.get("payload") or {}
        return answer


@asynccontextmanager
async def connect(state_dir: Path) -> AsyncIterator[Connection]:
    """A connection to the daemon that uses `state_dir`. Raises UnavailableError with a sentence."""
    url = running_url(state_dir)
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        # What fails later, or is the caller's own, is told by whoever meets it.
        try:
            socket = await session.ws_connect(
                f"{url}/ws/chat",
                headers=_credentials(state_dir),
                max_msg_size=0,
                heartbeat=_ANSWER_S,
                ssl=trusted(state_dir),
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError(f"PiChat at {url} does not answer.") from error
        async with socket:
            yield Connection(socket)


def _credentials(state_dir: Path) -> dict[str, str]:
    """Headers by which the daemon knows a program of its own user."""
    secret = read_secret(state_dir)
    return {} if secret is None else {"Authorization": f"Bearer {secret}"}


async def find_device(connection: Connection, wanted: str) -> dict[str, Any]:
    """By id or name. Raises NotFoundError."""
    folded = wanted.casefold()
    for device in (await connection.ask("get_devices", {}))["devices"]:
        if folded in (device["id"], device["name"].casefold()):
            return dict(device)
    raise NotFoundError(f"There is no device called “{wanted}”.")


async def fetch_health(state_dir: Path) -> dict[str, Any]:
    """The running daemon's /health; without `parts` where it does not know this user. Raises
    UnavailableError when it does not answer."""
    url = running_url(state_dir)
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(
                f"{url}/health", headers=_credentials(state_dir), ssl=trusted(state_dir)
            ) as response,
        ):
            health: dict[str, Any] = await response.json()
            return {"url": url, **health}
    except (TimeoutError, aiohttp.ClientError) as error:
        raise UnavailableError(f"PiChat at {url} does not answer.") from error
