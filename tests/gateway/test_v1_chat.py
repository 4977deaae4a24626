"""Chat in OpenAI's form."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from pichat.events import Image, Said, Tokens, TurnEvent, TurnFinished, TurnStarted
from pichat.gateway.openai.answered import Chunks, whole
from tests.gateway.fakes import World
from tests.gateway.http import Http, Json, connected, read_events

PATH = "/v1/chat/completions"
PNG = b"\x89PNG\r\n\x1a\n and more"
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.fixture
async def http(world: World) -> AsyncIterator[Http]:
    async with connected(world.url) as client:
        yield client


def said(text: str, **more: object) -> Json:
    return {"messages": [{"role": "user", "content": text}], **more}


async def test_a_whole_answer(world: World, http: Http) -> None:
    status, answer = await http.ask("POST", PATH, said("turn on the Kitchen light", model="pichat"))
    assert status == 200
    assert answer["object"] == "chat.completion"
    assert answer["model"] == "pichat"
    (choice,) = answer["choices"]
    assert choice["message"] == {
        "role": "assistant",
        "content": "The Kitchen light is on.",
        "refusal": None,
    }
    assert choice["finish_reason"] == "stop"
    assert answer["usage"]["total_tokens"] == 0
    (tool,) = answer["pichat"]["tools"]
    assert tool["outcomes"][0]["state"] is True
    assert answer["id"] == "chatcmpl-" + answer["pichat"]["metadata"]["turn_id"]
    # A device that is silent is told of in the answer, which is no error.
    world.house.silent.add("Kitchen light")
    status, answer = await http.ask("POST", PATH, said("turn on the Kitchen light"))
    assert (status, answer["pichat"]["metadata"]["code"]) == (200, "device_silent")
    assert answer["choices"][0]["message"]["content"] == "The Kitchen light does not answer."


async def test_an_answer_in_chunks(http: Http) -> None:
    asked = said("turn on the Kitchen light", stream=True, stream_options={"include_usage": True})
    *chunks, done = await http.events("POST", PATH, asked)
    assert done.data == "[DONE]"
    assert {chunk.event for chunk in chunks} == {"message"}
    first, *pieces, last, usage = [chunk.json for chunk in chunks]
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert first["pichat"]["begun"]["provider"] == "intents"
    assert pieces[0]["pichat"]["tool"]["name"] == "set_device_state"
    words = [piece["choices"][0]["delta"].get("content", "") for piece in pieces]
    assert "".join(words) == "The Kitchen light is on."
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["pichat"]["metadata"]["code"] is None
    assert (usage["choices"], usage["usage"]["prompt_tokens"]) == ([], 0)
    assert len({chunk.json["id"] for chunk in chunks}) == 1
    without = await http.events("POST", PATH, said("hm", stream=True))
    assert not any("usage" in chunk.json for chunk in without[:-1])


async def test_what_is_said_reaches_the_turn(world: World, http: Http) -> None:
    picture = {"type": "image_url", "image_url": {"url": DATA_URL}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "Look:"}, picture]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "of the client's", "tool_call_id": "1"},
        {"role": "assistant", "content": "A cat."},
        {"role": "user", "content": [{"type": "text", "text": "And this?"}, picture]},
    ]
    asked = {
        "model": "scripted:large",
        "messages": messages,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 5,
        "max_completion_tokens": 7,
        "seed": 3,
        "stop": "\n",
        "tools": [{"type": "function", "function": {"name": "theirs"}}],
        "tool_choice": "auto",
        "logit_bias": {"50256": -100},
    }
    assert (await http.ask("POST", PATH, asked))[0] == 200
    said_now = world.turns.utterances[-1]
    image = Image(media_type="image/png", data=PNG)
    assert said_now.candidates == ("And this?",)
    assert said_now.images == (image,)
    assert said_now.history == (
        Said(role="user", text="Look:", images=(image,)),
        Said(role="assistant", text="A cat."),
    )
    terms = said_now.terms
    assert (terms.model, terms.system) == ("scripted:large", "Be brief.\n\nBe kind.")
    assert (terms.temperature, terms.top_p, terms.max_tokens) == (0.5, 0.9, 7)
    assert (terms.seed, terms.stop) == (3, ("\n",))


async def test_a_conversation_is_known_by_its_beginning(world: World, http: Http) -> None:
    begun = [{"role": "user", "content": "unlock the door"}]
    going_on = [*begun, {"role": "assistant", "content": "Really?"}, said("yes")["messages"][0]]
    for messages in (begun, going_on, said("yes")["messages"]):
        await http.ask("POST", PATH, {"messages": messages})
    await http.ask("POST", PATH, {"messages": begun, "user": "somebody else"})
    first, second, third, fourth = (each.conversation_id for each in world.turns.utterances)
    assert first == second
    assert len({first, third, fourth}) == 3
    assert all(each.history is not None for each in world.turns.utterances)


async def test_models(world: World, http: Http) -> None:
    await world.profiles.create("butler", {})
    status, listed = await http.ask("GET", "/v1/models")
    assert (status, listed["object"]) == (200, "list")
    assert [each["id"] for each in listed["data"]] == ["pichat", "default", "butler", "scripted"]
    for name in ("butler", "scripted", "scripted:x"):
        status, shown = await http.ask("GET", f"/v1/models/{name}")
        assert (status, shown["id"], shown["object"]) == (200, name, "model")
    for method, path, body in (
        ("GET", "/v1/models/butlar", None),
        ("POST", PATH, said("hm", model="butlar")),
    ):
        status, refused = await http.ask(method, path, body)
        assert (status, refused["error"]["code"]) == (404, "model_not_found")
        assert "butler" in refused["error"]["message"]
    await http.ask("POST", PATH, said("hm", model="butler"))
    assert (world.turns.utterances[-1].profile, world.turns.utterances[-1].terms.model) == (
        "butler",
        None,
    )


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"messages": []}, 400, "messages"),
        ({}, 400, "messages"),
        (said("hm", temperature=3), 400, "temperature"),
        (said(" "), 400, "empty"),
        (said("hm", n=2), 422, "one answer"),
        (said("hm", tool_choice="required"), 422, "own tools"),
        (said("hm", tool_choice={"type": "function"}), 422, "own tools"),
        (said("hm", response_format={"type": "json_object"}), 422, "plain text"),
        (said("x" * 32_001), 413, "32,000"),
        ({"messages": [{"role": "assistant", "content": "Hello."}]}, 400, "user's"),
        ({"messages": [{"role": "king", "content": "Hello."}]}, 400, "role"),
    ],
)
async def test_what_cannot_be_is_told_in_openais_form(
    http: Http, body: Json, status: int, told: str
) -> None:
    found, refused = await http.ask("POST", PATH, {**body, "stream": True})
    error = refused["error"]
    assert (found, error["type"]) == (status, "invalid_request_error")
    assert told in error["message"]
    assert {"code", "param"} <= error.keys()


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("https://example.org/cat.png", 400, "fetches nothing"),
        ("file:///etc/passwd", 400, "fetches nothing"),
        ("data:image/png;base64,****", 400, "not base64"),
        ("data:image/svg+xml;base64,PHN2Zz4=", 400, "PNG, JPEG"),
        ("upload:nothing", 404, "upload"),
        ("data:image/png;base64," + base64.b64encode(PNG * 500_000).decode(), 413, "MiB"),
    ],
)
async def test_pictures_that_cannot_be_taken(http: Http, url: str, status: int, told: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    body = {"messages": [{"role": "user", "content": [part]}]}
    found, refused = await http.ask("POST", PATH, body)
    assert found == status
    assert told in refused["error"]["message"]


async def test_failures_before_and_after_the_first_event(http: Http) -> None:
    for body in (said("fail"), said("fail", stream=True)):
        status, refused = await http.ask("POST", PATH, body)
        assert (status, refused["error"]["type"]) == (503, "server_error")
        assert refused["error"]["message"] == "The part that thinks is not there."
    # Once it has begun, the status has gone out.
    begun, error = await http.events("POST", PATH, said("crash", stream=True))
    assert begun.json["choices"][0]["delta"]["role"] == "assistant"
    assert error.event == "error"
    assert error.json["error"]["type"] == "server_error"
    assert "secret" not in error.data


async def test_whoever_goes_ends_the_turn(world: World, http: Http) -> None:
    async with http.open("POST", PATH, said("wait", stream=True)) as response:
        async for event in read_events(response):
            assert event.json["pichat"]["begun"]
            break
        await world.turns.waiting.wait()
        response.close()
    await world.turns.ended.wait()


async def test_whoever_goes_ends_the_turn_that_is_not_streamed(world: World, http: Http) -> None:
    asking = asyncio.create_task(http.ask("POST", PATH, said("wait")))
    await world.turns.waiting.wait()
    asking.cancel()
    await world.turns.ended.wait()


async def test_stopping_lets_streams_go(world: World, http: Http) -> None:
    async with http.open("POST", PATH, said("wait", stream=True)):
        await world.turns.waiting.wait()
        async with asyncio.timeout(1):
            await world.gateway.stop()
    assert world.turns.ended.is_set()


async def test_everything_under_v1_fails_in_openais_form(http: Http) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("POST", "/v1/embeddings", 404),
        ("GET", PATH, 405),
    ):
        found, refused = await http.ask(method, path)
        assert (found, refused["error"]["type"]) == (status, "invalid_request_error")
    wrong = await http.ask("GET", "/v1/models", Authorization="Bearer wrong")
    assert (wrong[0], wrong[1]["error"]["code"]) == (401, "invalid_api_key")
    assert wrong[1]["error"]["type"] == "authentication_error"


async def test_an_answer_as_long_as_it_may_be_says_so() -> None:
    async def turn() -> AsyncIterator[TurnEvent]:
        yield TurnStarted(
            turn_id="t", conversation_id="c", source="agent", text="Go on.", provider="one"
        )
        yield TurnFinished(
            turn_id="t",
            conversation_id="c",
            text="And so",
            provider="one",
            code=None,
            retryable=False,
            timings_ms={},
            tokens=Tokens(input=5, output=2, cached=4, cost_usd=0.5),
            cut_off=True,
        )

    completion = await whole(turn(), "pichat")
    assert completion.choices[0].finish_reason == "length"
    usage = completion.usage
    assert (usage.total_tokens, usage.prompt_tokens_details.cached_tokens) == (7, 4)
    assert usage.cost == 0.5
    chunks = [chunk async for chunk in Chunks("pichat", usage=False).stream(turn())]
    assert b'"finish_reason":"length"' in chunks[-2].data
