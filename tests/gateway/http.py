"""A client of the HTTP side that reads replies and events."""

import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.gateway.screen import DEADLINE_S

Json = dict[str, Any]


@dataclass
class Event:
    """A server-sent event; a comment has no data."""

    data: str = ""
    event: str = "message"
    id: str | None = None

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.data)
        return found


@dataclass
class Http:
    """`headers` go with every request."""

    url: str
    session: aiohttp.ClientSession
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Json]:
        """Status and JSON of a reply; an empty one is {}."""
        async with self.open(method, path, body, **headers) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if raw else {}

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        data = None
        if body is not None:
            data = io.BytesIO(json.dumps(body).encode())
            headers = {"Content-Type": "application/json", **headers}
        return self.session.request(
            method, f"{self.url}{path}", data=data, headers={**self.headers, **headers}
        )

    async def events(self, method: str, path: str, body: Any = None, **headers: str) -> list[Event]:
        """All the events of a stream that ends."""
        async with self.open(method, path, body, **headers) as response:
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            return [event async for event in read_events(response)]


async def read_events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """Events as they come, without the comments."""
    event = Event()
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if not line:
            if event.data:
                yield event
            event = Event()
        elif name == "data":
            event.data += value
        elif name in ("event", "id"):
            setattr(event, name, value)


@asynccontextmanager
async def connected(url: str, **headers: str) -> AsyncIterator[Http]:
    patience = aiohttp.ClientTimeout(total=DEADLINE_S)
    async with aiohttp.ClientSession(timeout=patience) as session:
        yield Http(url, session, headers)
