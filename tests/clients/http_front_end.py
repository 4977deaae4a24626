"""Clients of seeds 002 and 004, from their documents alone: JSON over HTTP, and server-sent events
for what streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

Json = dict[str, Any]


@dataclass
class Sent:
    """One server-sent event."""

    event: str
    data: str
    id: str = ""


async def events_of(response: aiohttp.ClientResponse) -> AsyncIterator[Sent]:
    """As a browser's EventSource reads them."""
    fields: dict[str, str] = {}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            yield Sent(fields.get("event", "message"), fields["data"], fields.get("id", ""))
            fields = {}


async def _json(response: aiohttp.ClientResponse) -> Any:
    async with response:
        response.raise_for_status()
        return await response.json()


@dataclass
class IntegratedConversation:
    """Seed 002: a session to talk in, whose events tell what the agent says and does."""

    http: aiohttp.ClientSession  # with the backend's address as its base
    on_agent_speaking: Callable[[str], None]
    on_transcription: Callable[[str, bool], None]
    on_state_change: Callable[[str], None]
    session_id: str = ""
    last_event_id: str = ""
    _following: asyncio.Task[None] | None = None
    _connected: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self, system_prompt: str) -> None:
        body = {"system_prompt": system_prompt}
        started = await _json(await self.http.post("/api/conversation/start", json=body))
        self.session_id = started["session_id"]
        await self.connect()

    async def connect(self) -> None:
        """Follow the events, from where that was broken off."""
        self._connected.clear()
        self._following = asyncio.create_task(self._follow())
        await self._connected.wait()

    async def send_message(self, message: str) -> Json:
        body = {"session_id": self.session_id, "message": message}
        answer: Json = await _json(await self.http.post("/api/conversation/message", json=body))
        return answer

    async def info(self) -> Json:
        session: Json = await _json(
            await self.http.get(f"/api/conversation/session/{self.session_id}")
        )
        return session

    async def sessions(self) -> list[str]:
        found = await _json(await self.http.get("/api/conversation/sessions"))
        return [each["session_id"] for each in found["sessions"]]

    async def disconnect(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    async def stop(self) -> None:
        await _json(await self.http.delete(f"/api/conversation/session/{self.session_id}"))
        if self._following is not None:
            await self._following

    async def _follow(self) -> None:
        headers = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        async with self.http.get(f"/api/events/{self.session_id}", headers=headers) as response:
            self._connected.set()
            async for sent in events_of(response):
                self.last_event_id = sent.id or self.last_event_id
                data = json.loads(sent.data)
                if data["type"] == "agent_speaking":
                    self.on_agent_speaking(data["text"])
                elif data["type"] == "transcription":
                    self.on_transcription(data["text"], data["final"])
                elif data["type"] == "state_change":
                    self.on_state_change(data["state"])


@dataclass
class ChatFrontEnd:
    """Seed 004: chat over SSE, and what the backend keeps for a front end."""

    http: aiohttp.ClientSession
    client_id: str
    session_id: str = "front-end"
    generation_id: str = ""

    async def chat(self, text: str) -> str:
        """The streamed answer, whole."""
        body = {
            "session_id": self.session_id,
            "messages": [{"role": "user", "content": text}],
            "stream": True,
        }
        answer, done = "", False
        async with self.http.post("/api/chat/stream", json=body) as response:
            response.raise_for_status()
            async for sent in events_of(response):
                if sent.data == "[DONE]":
                    done = True
                elif sent.event == "message":
                    chunk = json.loads(sent.data)
                    self.generation_id = chunk["id"]
                    for choice in chunk["choices"]:
                        answer += choice["delta"].get("content") or ""
        assert done
        return answer

    async def get(self, path: str) -> Any:
        return await _json(await self.http.get(path))

    async def put_llm(self, **settings: Any) -> Json:
        path = f"/api/clients/{self.client_id}/llm"
        found: Json = await _json(await self.http.put(path, json=settings))
        return found

    async def save_preset(self, name: str) -> None:
        await _json(
            await self.http.post(f"/api/clients/{self.client_id}/presets", json={"name": name})
        )

    async def apply_preset(self, name: str) -> None:
        path = f"/api/clients/{self.client_id}/presets/by-name/{name}/apply"
        await _json(await self.http.post(path))

    async def clear(self) -> None:
        await _json(await self.http.delete(f"/api/chat/session/{self.session_id}"))
