"""Replies in pieces: clients that do not read, that have gone, and long silences."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pichat.errors import UnavailableError
from pichat.events import TurnEvent, TurnStarted, TurnText, Utterance
from pichat.gateway.calls import ByteStream, EventStream, ServerEvent
from pichat.gateway.replies import STREAMS, Streams, reply
from tests.gateway.fakes import running_world
from tests.gateway.http import connected
from tests.gateway.screen import DEADLINE_S

BODY = {"messages": [{"role": "user", "content": "go on"}], "stream": True}
PIECE = "x" * 64_000


class Talkative:
    """Never stops by itself."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.pieces = 0

    async def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        yield TurnStarted(
            turn_id=utterance.turn_id,
            conversation_id=utterance.conversation_id,
            source=utterance.source,
            text="",
            provider="one",
        )
        try:
            while True:
                self.pieces += 1
                yield TurnText(turn_id=utterance.turn_id, text=PIECE)
                await asyncio.sleep(0)
        finally:
            self.ended.set()

    def forget(self, conversation_id: str) -> None:
        """It knows nobody."""


def turns(*_: Any) -> Talkative:
    return Talkative()


async def test_a_client_that_does_not_read_is_let_go_and_its_turn_ends() -> None:
    async with (
        running_world(make_turns=turns, unread_patience_s=0.1) as world,
        connected(world.url) as http,
        asyncio.timeout(DEADLINE_S),
        http.open("POST", "/v1/chat/completions", BODY) as response,
    ):
        assert response.status == 200
        talking: Any = world.turns
        await talking.ended.wait()
        # What the network holds, and no more: nothing is gathered for it.
        assert talking.pieces * len(PIECE) < 32 * 1024 * 1024
        with pytest.raises(aiohttp.ClientError):
            await response.read()
        assert (await http.ask("GET", "/v1/models"))[0] == 200


async def broken(error: Exception) -> AsyncIterator[bytes]:
    yield b"half"
    raise error


async def events(error: Exception) -> AsyncIterator[ServerEvent]:
    yield ServerEvent(data=b"1")
    raise error


@pytest.mark.parametrize("error", [UnavailableError("No voice."), RuntimeError("a secret")])
async def test_failures_after_the_beginning(error: Exception) -> None:
    async def file(request: web.Request) -> web.StreamResponse:
        return await reply(request, ByteStream(pieces=broken(error), media_type="audio/wav"), 200)

    async def told(request: web.Request) -> web.StreamResponse:
        return await reply(request, EventStream(events=events(error), at_once=True), 200)

    application = web.Application()
    application[STREAMS] = Streams(patience_s=5)
    application.router.add_get("/file", file)
    application.router.add_get("/events", told)
    async with TestServer(application) as server, connected(str(server.make_url(""))) as http:
        # Nobody takes half a file for a whole one.
        async with http.open("GET", "/file") as response:
            assert response.status == 200
            with pytest.raises(aiohttp.ClientError):
                await response.read()
        first, last = await http.events("GET", "/events")
        assert (first.data, last.event) == ("1", "error")
        assert "secret" not in last.data
        assert last.json["error"]["code"] in ("unavailable", "internal")
        assert not application[STREAMS]
