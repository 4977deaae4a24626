"""What a walk over every way in needs: callers of each kind, and a request for each way."""

import dataclasses
import itertools
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp

from pichat.gateway.door.caller import LADDER, Need, Scope
from pichat.gateway.door.entrances import Entrances
from pichat.gateway.routes import REGISTRY as ROUTES
from pichat.gateway.server import Gateway
from pichat.gateway.services import Services
from pichat.turn.user_changes import UserChange
from tests.gateway.fakes import World, running_world
from tests.gateway.raw import plain
from tests.gateway.screen import Screen

SCOPES: tuple[Scope, ...] = ("guest", "agent", "screen", "admin")

# Each try comes from an address of its own, so that no limit and no rest plays into it.
_ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in itertools.product(range(1, 255), repeat=3))


class Watched:
    """A service that writes down what is asked of it."""

    def __init__(self, real: object, name: str, asked: list[str]) -> None:
        self._real, self._name, self._asked = real, name, asked

    def __getattr__(self, name: str) -> Any:
        if (self._name, name) != ("users", "standing"):  # that is only who somebody is
            self._asked.append(f"{self._name}.{name}")
        return getattr(self._real, name)


class Walk:
    """A gateway all of whose services are watched, except the door itself and the two that everyone
    shares. `asked`: what was done."""

    def __init__(self, world: World, gateway: Gateway, asked: list[str]) -> None:
        self.world, self.gateway, self.asked = world, gateway, asked
        self.tokens: dict[str, str] = {}

    async def renew(self, *scopes: Scope) -> None:
        """New tokens of a person: what was done may have taken either away."""
        people = {user.name: user for user in self.world.users.all()}
        if (person := people.get("Ann")) is None:
            person = await self.world.users.create("Ann", "adult", UserChange())
        for token in self.world.door.tokens.all():
            if token.scope in scopes:
                await self.world.door.tokens.revoke(token.id)
        for scope in scopes:
            self.tokens[scope] = await self.world.token(scope, user_id=person.id)

    async def prepare(self) -> None:
        await self.renew(*SCOPES)
        self.tokens["unknown"] = "pichat_nobody-has-this-one"
        token, self.tokens["revoked"] = await self.world.door.tokens.create(
            "Old", "admin", user_id="house"
        )
        await self.world.door.tokens.revoke(token.id)

    async def http(self, method: str, path: str, token: str | None, body: bytes) -> tuple[int, str]:
        """The status, and the body of an error."""
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines.append("Content-Type: application/json")
        if token is not None:
            lines.append(f"Authorization: Bearer {self.tokens[token]}")
        if path.startswith("/ws"):
            lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]  # fmt: skip
        self.asked.clear()
        async with plain(self.gateway.url, next(_ADDRESSES)) as wire:
            wire.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            try:
                status, headers = await wire.head(deadline_s=30)  # the protocol's own description
            except TimeoutError:
                raise AssertionError((method, path, token, body)) from None
            size = int(headers.get("content-length", "0")) if status >= 400 else 0
            return status, (await wire.reader.readexactly(size)).decode()

    async def reply(self, screen: Screen, scope: str, action: str, payload: Any) -> dict[str, Any]:
        """The first frame of the reply; an empty one where the caller has turned itself out."""
        await screen.send(action, payload, "mine")
        try:
            return await screen.receive()
        except aiohttp.WSMessageTypeError:
            assert self.world.door.tokens.recognise(self.tokens[scope]) is None, action
            return {"status": "complete"}

    @asynccontextmanager
    async def socket(self, token: str | None) -> AsyncIterator[Screen]:
        headers = {} if token is None else {"Authorization": f"Bearer {self.tokens[token]}"}
        async with (
            aiohttp.TCPConnector(local_addr=(next(_ADDRESSES), 0)) as connector,
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(f"{self.gateway.url}/ws", headers=headers, max_msg_size=0) as socket,
        ):
            yield Screen(socket)


@asynccontextmanager
async def walking() -> AsyncIterator[Walk]:
    async with running_world(trust_loopback=False) as world:
        services = world.gateway._services
        asked: list[str] = []
        watched: dict[str, Any] = {
            field.name: Watched(getattr(services, field.name), field.name, asked)
            for field in dataclasses.fields(Services)
            if field.name not in ("door", "bus", "health", "certificates", "providers")
        }
        async with Gateway(world.door.config, dataclasses.replace(services, **watched)) as gateway:
            made = Walk(world, gateway, asked)
            await made.prepare()
            yield made


def below(needs: Need) -> list[Scope]:
    return [scope for scope in SCOPES if LADDER.index(scope) < LADDER.index(needs)]


def requests(entrances: Entrances) -> dict[tuple[str, str], tuple[Need, str, bytes]]:
    """For each route its scope, a path that leads there, and a body."""
    found = {}
    for (method, path), needs in entrances.needs.items():
        declared = ROUTES.get(f"{method} {path}")
        example = dict(declared.example) if declared is not None else {}
        filled = path + ("/app.js" if path == "/static" else "")
        for part, name in re.findall(r"(\{([^}:]+)[^}]*\})", path):
            filled = filled.replace(part, quote(str(example.pop(name, "x")), safe=""))
        body = b"" if method in ("GET", "DELETE") else json.dumps(example).encode()
        found[method, path] = (needs, filled, body)
    return found
