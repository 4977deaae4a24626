"""A client of seeds 000 and 003, from their documents alone: one WebSocket, frames of action,
payload and request_id, and answers of processing, chunks and complete, or an error."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Frame = dict[str, Any]


class RequestFailedError(Exception):
    """The server said that it could not."""


@dataclass
class Answer:
    """What one request came to. `metadata`: of its `processing`."""

    metadata: Frame = field(default_factory=dict)
    text: str = ""
    audio: bytes = b""
    sequence: list[int] = field(default_factory=list)
    final: Frame = field(default_factory=dict)


class SocketChat:
    """Streams answers, shows what the server wants shown, and may have several requests running."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[str, Answer] = {}
        self._count = 0
        self.shown: list[str] = []  # notifications, as the user reads them

    async def chat(self, text: str) -> Answer:
        return await self._ask("chat", {"text": text})

    async def chat_many(self, *texts: str) -> list[Answer]:
        """All at once; each is answered under its own id."""
        ids = [await self._send("chat", {"text": text}) for text in texts]
        return [await self._finished(request_id) for request_id in ids]

    async def audio_stream(self, text: str, voice: str) -> Answer:
        return await self._ask("audio_stream", {"text": text, "voice": voice})

    async def generate_image(self, text: str) -> Answer:
        return await self._ask("generate_image", {"text": text})

    async def notify(self, message: str) -> Frame:
        """Have other front ends show a notification."""
        command = {"command": "show_notification", "data": {"message": message}}
        return (await self._ask("frontend_command", command)).final

    async def listen_for_commands(self) -> None:
        await self._ask("subscribe", {})

    async def until_shown(self, count: int) -> None:
        while len(self.shown) < count:
            self._take(await self._receive())

    # --- the wire --------------------------------------------------------------------------

    async def _ask(self, action: str, payload: Frame) -> Answer:
        return await self._finished(await self._send(action, payload))

    async def _send(self, action: str, payload: Frame) -> str:
        self._count += 1
        request_id = f"{action}-{self._count}"
        self._answers[request_id] = Answer()
        frame = {"action": action, "payload": payload, "request_id": request_id}
        await self._socket.send_str(json.dumps(frame))
        return request_id

    async def _receive(self) -> Frame:
        frame: Frame = json.loads(await self._socket.receive_str(timeout=20))
        return frame

    async def _finished(self, request_id: str) -> Answer:
        answer = self._answers[request_id]
        while not answer.final:
            self._take(await self._receive())
        if answer.final.get("failed"):
            raise RequestFailedError(answer.final["failed"])
        return answer

    def _take(self, frame: Frame) -> None:
        if frame["action"] == "frontend_command" and frame["status"] == "event":
            self._show(frame["payload"])
            return
        answer = self._answers.get(frame["request_id"])
        if answer is None or frame["status"] == "event":
            return
        if frame["status"] == "processing":
            answer.metadata = frame["chunk"]["metadata"]
        elif frame["status"] == "chunk":
            self._take_chunk(answer, frame["chunk"])
        elif frame["status"] == "complete":
            answer.final = frame["payload"] or {"done": True}
        elif frame["status"] == "error":
            answer.final = {"failed": frame["error"]}

    @staticmethod
    def _take_chunk(answer: Answer, chunk: Frame) -> None:
        answer.sequence.append(chunk["sequence_id"])
        if chunk["type"] == "text":
            answer.text += chunk["data"]
        elif chunk["type"] == "audio":
            answer.audio += base64.b64decode(chunk["data"])

    def _show(self, told: Frame) -> None:
        if told["command"] == "show_notification":
            self.shown.append(told["data"]["message"])


@asynccontextmanager
async def open_chat(url: str) -> AsyncIterator[SocketChat]:
    """`url`: of the server, such as http://127.0.0.1:8000."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url.replace('http', 'ws', 1)}/ws/chat") as socket,
    ):
        yield SocketChat(socket)
