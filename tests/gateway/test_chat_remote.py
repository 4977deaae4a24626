"""What a screen and a program with another API see of a tool elsewhere: its progress, its pictures,
and the end of it when the chat is cancelled."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
from mcp import types

from pichat.bus import Bus
from pichat.intents.understand import Intents
from pichat.tools.base import Toolbox
from tests.gateway.fakes import World, running_world
from tests.gateway.screen import Screen, connect
from tests.mcp.remote_parts import Elsewhere, elsewhere
from tests.support.fake_house import FakeHouse
from tests.support.scripted_model import Line, Scripted, calling, words
from tests.support.turn_parts import new_turns

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
NOBODY = Intents("en", lambda: ())
ASK = calling(("web__get_forecast", '{"city": "Berlin"}'))


@asynccontextmanager
async def talking(*answers: Sequence[Line]) -> AsyncIterator[tuple[World, Screen, Elsewhere]]:
    async with elsewhere() as there:

        def turns(bus: Bus, tools: Toolbox, house: FakeHouse, *_: Any) -> Any:
            tools.remote = there.remote
            return new_turns(NOBODY, house, tools, bus, Scripted("one", *answers))

        async with running_world(make_turns=turns) as world, connect(world.url) as screen:
            yield world, screen, there


async def test_progress_and_pictures_reach_whoever_asked() -> None:
    async with talking(ASK, words("A map.")) as (_, screen, there):
        there.servers.told, there.servers.endless = 2, False
        picture = types.ImageContent(data=base64.b64encode(PNG).decode(), mime_type="image/png")
        there.servers.answers["web__get_forecast"] = types.CallToolResult(content=[picture])
        chat = await screen.send("chat", {"text": "show me the weather", "client_id": "phone"})
        _, *chunks, done = await screen.until_last(chat)
        kinds = [each["chunk"]["type"] for each in chunks]
        assert kinds == ["tool", "tool", "image", "text"]
        progress, tool, image, _ = (each["chunk"] for each in chunks)
        assert progress["data"] == {
            "name": "web__get_forecast",
            "progress": {"progress": 0.0, "total": 2.0, "message": "step 0"},
        }
        assert (tool["data"]["name"], tool["data"]["value"]) == ("web__get_forecast", "A picture.")
        assert base64.b64decode(image["data"]) == PNG
        assert image["metadata"] == {"media_type": "image/png"}
        assert done["payload"]["text"] == "A map."
        await there.calls.flushed()
        (line,) = await there.calls.newest(5)
        assert (line.client_id, line.token_id, line.outcome) == ("phone", "this-machine", "ok")


async def test_another_api_is_not_disturbed_by_progress() -> None:
    async with talking(ASK, words("Rain.")) as (world, _, there):
        there.servers.told, there.servers.endless = 2, False
        body = {"stream": True, "messages": [{"role": "user", "content": "the weather"}]}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{world.url}/v1/chat/completions", json=body) as reply,
        ):
            lines = (await reply.text()).splitlines()
        sent = [
            msgspec.json.decode(line.removeprefix("data: "))
            for line in lines
            if line.startswith("data: {")
        ]
        said = "".join(each["choices"][0]["delta"].get("content") or "" for each in sent)
        assert said == "Rain."


async def test_cancelling_the_chat_cancels_the_call_at_its_server() -> None:
    async with talking(ASK, words("Never.")) as (_, screen, there):
        there.servers.told = 1
        chat = await screen.send("chat", {"text": "show me the weather"})
        while (frame := await screen.receive()).get("status") != "chunk":
            pass
        assert frame["chunk"]["data"]["progress"]["message"] == "step 0"
        await screen.send("cancel", {"request_id": chat})
        frames = await screen.until_last(chat)
        assert frames[-1]["payload"]["code"] == "cancelled"
        assert there.servers.cancelled == ["web__get_forecast"]
        assert await there.outcomes() == [("web__get_forecast", "cancelled")]
