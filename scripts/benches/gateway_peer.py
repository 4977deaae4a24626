"""The same streamed chat as somebody writes it who uses FastAPI and uvicorn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from scripts.benches.gateway_clients import stamp

application = FastAPI()


class Request(BaseModel):
    action: str
    payload: dict[str, Any]
    request_id: str


class Chunk(BaseModel):
    type: str
    data: Any
    metadata: dict[str, Any]
    timestamp: datetime
    sequence_id: int


class ChunkReply(BaseModel):
    status: str
    request_id: str
    action: str
    chunk: Chunk


class CompleteReply(BaseModel):
    status: str
    request_id: str
    action: str
    payload: dict[str, Any]


async def pieces(count: int) -> AsyncIterator[str]:
    """The scripted model. Others go first, as when a piece comes over the network."""
    for _ in range(count):
        made = stamp()
        await asyncio.sleep(0)
        yield made


@application.websocket("/ws/chat")
async def chat(screen: WebSocket) -> None:
    await screen.accept()
    try:
        while True:
            await _answer(screen, Request.model_validate(await screen.receive_json()))
    except WebSocketDisconnect:
        pass


async def _answer(screen: WebSocket, request: Request) -> None:
    text = request.payload["text"]
    metadata = {"user_message": text, "provider": "scripted", "model": None}
    await screen.send_text(_reply(request, "processing", "metadata", None, metadata, 0))
    said = []
    async for piece in pieces(int(text.split()[1])):
        said.append(piece)
        await screen.send_text(_reply(request, "chunk", "text", piece, {}, len(said)))
    complete = CompleteReply(
        status="complete",
        request_id=request.request_id,
        action=request.action,
        payload={"text": "said", "provider": "scripted", "model": None, "usage": {}},
    )
    await screen.send_text(complete.model_dump_json())


def _reply(
    request: Request, status: str, kind: str, data: Any, metadata: dict[str, Any], number: int
) -> str:
    chunk = Chunk(
        type=kind,
        data=data,
        metadata=metadata,
        timestamp=datetime.now(UTC),
        sequence_id=number,
    )
    reply = ChunkReply(
        status=status, request_id=request.request_id, action=request.action, chunk=chunk
    )
    return reply.model_dump_json()


async def serve() -> None:
    """Print the address, and serve for ever."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
    await server.serve(sockets=[listening])
