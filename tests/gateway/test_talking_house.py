"""The HTTP forms of chat with real turns behind them: intents, questions, models, what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pichat.bus import Bus
from pichat.events import Image
from pichat.intents.understand import Intents
from pichat.llm.base import TextDelta, Usage
from pichat.store.conversations import Conversations
from pichat.tools.base import Toolbox
from pichat.turn.turns import Turns
from pichat.turn.users import Users
from tests.gateway.fakes import World, default_house, running_world
from tests.gateway.http import Http, Json, connected
from tests.gateway.test_v1_chat import DATA_URL, PATH, PNG
from tests.support.fake_house import FakeHouse
from tests.support.scripted_model import STOP, Line, Scripted, words
from tests.support.turn_parts import new_turns

LOCK = "00:12:4b:00:00:00:00:09"
HOUSES: list[FakeHouse] = [default_house(Bus())]
INTENTS = Intents("en", lambda: HOUSES[-1].devices())


@asynccontextmanager
async def talking(model: Scripted) -> AsyncIterator[tuple[World, Http]]:
    def make(
        bus: Bus, tools: Toolbox, house: FakeHouse, conversations: Conversations, users: Users
    ) -> Turns:
        HOUSES[:] = [house]
        INTENTS.refresh()
        return new_turns(
            INTENTS, house, tools, bus, model, conversations=conversations, people=users
        )

    async with running_world(make_turns=make) as world, connected(world.url) as http:
        yield world, http


def text_of(answer: Json) -> str:
    return str(answer["choices"][0]["message"]["content"])


async def test_a_yes_finds_its_question_though_the_client_keeps_the_conversation() -> None:
    async with talking(Scripted("scripted", words("Hello."))) as (world, http):

        def locked() -> object:
            return next(each for each in world.house.devices() if each.id == LOCK).state["lock"]

        messages = [{"role": "user", "content": "unlock the front door lock"}]
        _, asked = await http.ask("POST", PATH, {"messages": messages})
        assert text_of(asked).endswith("?")
        assert locked() is True
        elsewhere = {"messages": [{"role": "user", "content": "yes"}]}
        await http.ask("POST", PATH, elsewhere)  # nobody asked anything there
        assert locked() is True
        messages += [
            {"role": "assistant", "content": text_of(asked)},
            {"role": "user", "content": "yes"},
        ]
        await http.ask("POST", PATH, {"messages": messages})
        assert locked() is False
        assert await world.conversations.newest() == ()


async def test_a_model_is_asked_as_the_client_wants_it() -> None:
    counted: list[Line] = [TextDelta(text="A cat."), Usage(input_tokens=9, output_tokens=2), STOP]
    model = Scripted("scripted", counted)
    async with talking(model) as (_, http):
        part = {"type": "image_url", "image_url": {"url": DATA_URL}}
        body = {
            "model": "scripted:large",
            "messages": [
                {"role": "system", "content": "You are a vet."},
                {"role": "user", "content": "Hello."},
                {"role": "assistant", "content": "Good morning."},
                {"role": "user", "content": [{"type": "text", "text": "What is it?"}, part]},
            ],
            "temperature": 0.5,
            "max_tokens": 7,
            "seed": 3,
            "stop": ["."],
        }
        _, answer = await http.ask("POST", PATH, body)
        assert text_of(answer) == "A cat."
        assert answer["usage"]["total_tokens"] == 11
        assert answer["pichat"]["metadata"]["model"] == "large"
    (request,) = model.requests
    assert request.model == "large"
    assert "You are a vet." in request.system
    assert [message.text for message in request.messages] == [
        "Hello.",
        "Good morning.",
        "What is it?",
    ]
    assert request.messages[-1].images == (Image(media_type="image/png", data=PNG),)
    wanted = request.parameters
    assert (wanted.temperature, wanted.max_tokens, wanted.seed, wanted.stop) == (0.5, 7, 3, (".",))


async def test_a_session_goes_on_and_tells_what_it_took() -> None:
    counted: list[Line] = [TextDelta(text="Anna."), Usage(input_tokens=9, output_tokens=2), STOP]
    model = Scripted("scripted", words("Nice to meet you."), counted)
    async with talking(model) as (_, http):
        path = "/api/chat/stream"
        await http.events("POST", path, {"text": "my name is Anna", "session_id": "mine"})
        events = await http.events("POST", path, {"text": "who am I?", "session_id": "mine"})
        metadata = events[-2].json
        assert metadata["usage"]["completion_tokens"] == 2
        said = [message.text for message in model.requests[-1].messages]
        assert said == ["my name is Anna", "Nice to meet you.", "who am I?"]
        _, generation = await http.ask("GET", f"/api/chat/generation/{metadata['id']}")
        assert generation["data"]["tokens_prompt"] == 9
        assert generation["data"]["latency"] > 0
        _, listed = await http.ask("GET", "/api/chat/session/mine/messages")
        assert len(listed["messages"]) == 4
