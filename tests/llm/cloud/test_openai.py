"""What is asked of OpenAI's API and its many speakers, and their differences in answering."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec import structs

from pichat.llm.base import CallDelta, Ended, Message, Request, TextDelta
from pichat.llm.errors import ModelFailedError, ModelRefusedError
from pichat.llm.openai import OpenAi, create
from tests.llm.cloud.peer import HELLO, KEY, QUICK, Peer, all_of, says, streams
from tests.llm.cloud.talk import CLOCK, PARAMETERS, PIXEL, SCHEMA, SWITCH, after, answered
from tests.llm.cloud.wires import ARGUMENTS, OPENAI, call_piece, chunk, event

DONE = event(b"[DONE]")
SHORT = streams(chunk({"content": "Hi"}), chunk({}, "stop"), DONE)


@pytest.fixture
def provider(peer: Peer, http: aiohttp.ClientSession) -> OpenAi:
    return create("them", peer.config("openai"), http, QUICK)


async def ask(provider: OpenAi, peer: Peer, *pieces: bytes) -> list[Any]:
    peer.answers.append(streams(*pieces, DONE))
    return await all_of(provider)


async def test_the_request(provider: OpenAi, peer: Peer) -> None:
    request = Request(
        system="Be brief.",
        messages=(Message(role="user", text="Light?"),),
        context="It is noon.",
        tools=(SWITCH,),
        tool_choice="required",
        parameters=PARAMETERS,
        model="model-2",
    )
    peer.answers.append(SHORT)
    await all_of(provider, request)
    assert peer.heard[0].path == "/v1/chat/completions"
    assert peer.heard[0].headers["Authorization"] == f"Bearer {KEY}"
    function = {"name": "switch", "description": "Switch a device.", "parameters": SCHEMA}
    assert peer.body == {
        "model": "model-2",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "<context>\nIt is noon.\n</context>\n\nLight?"},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "required",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
    }


async def test_the_least_request(provider: OpenAi, peer: Peer) -> None:
    peer.answers.append(SHORT)
    await all_of(provider, Request(system="", messages=(Message(role="user", text="Hi"),)))
    assert set(peer.body) == {"model", "messages", "stream", "stream_options"}
    assert peer.body["messages"] == [{"role": "user", "content": "Hi"}]


async def test_an_answer_goes_back_as_it_came(provider: OpenAi, peer: Peer) -> None:
    peer.answers += [streams(OPENAI.answer), SHORT]
    answer = answered(await all_of(provider), "them")
    await all_of(provider, after(answer))
    _, user, assistant, first, second = peer.body["messages"]
    picture = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
    assert user["content"] == [
        {"type": "text", "text": "Light?"},
        {"type": "image_url", "image_url": {"url": picture}},
    ]
    assert assistant == {
        "role": "assistant",
        "content": "Hello, wörld",
        "tool_calls": [
            {
                "id": "call_a",
                "type": "function",
                "function": {"name": "switch", "arguments": ARGUMENTS},
            },
            {
                "id": "call_b",
                "type": "function",
                "function": {"name": "get_time", "arguments": "{}"},
            },
        ],
    }
    assert first == {"role": "tool", "tool_call_id": "call_a", "content": "result 0"}
    assert second["tool_call_id"] == "call_b"


def reasoning(index: int, **fields: Any) -> dict[str, Any]:
    return {"reasoning_details": [{"index": index, "format": "anthropic-claude-v1", **fields}]}


async def test_what_is_unknown_comes_back(provider: OpenAi, peer: Peer) -> None:
    """OpenRouter's reasoning details, and the signature of a call at Gemini's compatible API."""
    signature = {"extra_content": {"google": {"thought_signature": "Cg+/="}}}
    pieces = (
        chunk(
            {"content": "", "reasoning": "It "} | reasoning(0, type="reasoning.text", text="It ")
        ),
        chunk({"reasoning": "asks."} | reasoning(0, type="reasoning.text", text="asks.")),
        chunk(reasoning(0, type="reasoning.text", signature="Eq/=")),
        chunk(reasoning(1, type="reasoning.encrypted", data="AA==", id="rs_1")),
        chunk({"content": "Hello", "reasoning": None, "annotations": []}),
        chunk(call_piece(0, "{}", id="call_a", name="get_time", **signature)),
        chunk({}, "tool_calls"),
    )
    events = await ask(provider, peer, *pieces)
    answer = answered(events, "them")
    assert answer.text == "Hello"
    details = [
        {
            "index": 0,
            "format": "anthropic-claude-v1",
            "type": "reasoning.text",
            "text": "It asks.",
            "signature": "Eq/=",
        },
        {
            "index": 1,
            "format": "anthropic-claude-v1",
            "type": "reasoning.encrypted",
            "data": "AA==",
            "id": "rs_1",
        },
    ]
    assert answer.extra == {"reasoning": "It asks.", "reasoning_details": details}
    kept = msgspec.json.decode(msgspec.json.encode(answer), type=Message)  # as a store keeps it
    peer.answers += [SHORT, SHORT]
    await all_of(provider, after(kept))
    said = peer.body["messages"][2]
    assert said["reasoning_details"] == details
    assert said["tool_calls"][0]["extra_content"] == signature["extra_content"]
    await all_of(provider, after(structs.replace(kept, extra_of="somebody else")))
    said = peer.body["messages"][2]
    assert set(said) == {"role", "content", "tool_calls"}
    assert set(said["tool_calls"][0]) == {"id", "type", "function"}


@pytest.mark.parametrize(
    ("pieces", "names"),
    [
        ([(0, "a", "one"), (0, "b", "two")], ["one", "two"]),  # all have the same number
        ([(None, "a", "one"), (None, "b", "two")], ["one", "two"]),
        ([(None, "", "one"), (None, "", "two")], ["one", "two"]),  # no id, no number
        ([(1, "a", "one"), (2, "b", "two")], ["one", "two"]),  # counted from 1
        ([(0, "a", "one"), (0, "a", "one")], ["one"]),  # says its name again
    ],
)
async def test_calls_that_are_badly_numbered(
    provider: OpenAi, peer: Peer, pieces: list[tuple[int | None, str, str]], names: list[str]
) -> None:
    chunks = [chunk(call_piece(at, "[1", id=of, name=name)) for at, of, name in pieces]
    events = await ask(provider, peer, *chunks, chunk({}, "stop"))
    begun = [each for each in events if isinstance(each, CallDelta) and each.id]
    assert [each.name for each in begun] == names
    assert [each.index for each in begun] == list(range(len(names)))
    assert len({each.id for each in begun}) == len(names)
    assert events[-1] == Ended(reason="tool_calls")


@pytest.mark.parametrize(
    ("delta", "reason", "end"),
    [
        ({"content": "x"}, "stop", "stop"),
        ({"content": "x"}, "length", "length"),
        ({"content": "x"}, "content_filter", "refused"),
        ({"refusal": "x"}, "stop", "refused"),
        ({"content": [{"type": "text", "text": "x"}]}, "eos", "stop"),
        ({"content": "x", "tool_calls": [], "reasoning_content": None}, "", "stop"),
    ],
)
async def test_how_an_answer_ends(
    provider: OpenAi, peer: Peer, delta: dict[str, Any], reason: str, end: str
) -> None:
    events = await ask(provider, peer, chunk(delta), chunk({}, reason))
    assert events[0] == TextDelta(text="x")
    assert isinstance(events[-1], Ended)
    assert events[-1].reason == end


async def test_an_answer_that_ends_with_an_error(provider: OpenAi, peer: Peer) -> None:
    with pytest.raises(ModelFailedError):
        await ask(provider, peer, chunk({"content": "x"}), chunk({"content": ""}, "error"))


def refusal(message: str, **fields: Any) -> bytes:
    error = {"message": message, "type": "invalid_request_error", **fields}
    return msgspec.json.encode({"error": error})


NEEDS_NEW_LIMIT = refusal(
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
    " 'max_completion_tokens' instead.",
    param="max_tokens",
    code="unsupported_parameter",
)


async def test_a_limit_by_its_other_name(provider: OpenAi, peer: Peer) -> None:
    request = structs.replace(HELLO, parameters=PARAMETERS)
    peer.answers += [says(400, NEEDS_NEW_LIMIT), SHORT, SHORT]
    for _ in range(2):
        await all_of(provider, request)
    assert len(peer.heard) == 3  # it is remembered
    assert peer.body["max_completion_tokens"] == 100
    assert "max_tokens" not in peer.body


@pytest.mark.parametrize(
    "body",
    [
        refusal(
            "Unsupported value: 'temperature' does not support 0.5 with this model.",
            param="temperature",
            code="unsupported_value",
        ),
        b'{"detail":[{"type":"extra_forbidden","loc":["body","temperature"],"msg":"no"}]}',
        b'{"error":"unknown field temperature"}',
    ],
)
async def test_a_parameter_that_a_model_does_not_take(
    provider: OpenAi, peer: Peer, body: bytes
) -> None:
    peer.answers += [says(400, body), SHORT]
    events = await all_of(provider, structs.replace(HELLO, parameters=PARAMETERS))
    assert events[0] == TextDelta(text="Hi")
    assert "temperature" not in peer.body
    assert peer.body["top_p"] == 0.9


@pytest.mark.parametrize(
    "body",
    [
        refusal(
            "max_tokens is too large: 100. This model supports at most 50.", param="max_tokens"
        ),
        refusal("Unsupported parameter: 'model'.", param="model", code="unsupported_parameter"),
        refusal("'temperature' is not supported.", param="tools"),
        NEEDS_NEW_LIMIT.replace(b"max_tokens", b"stop_at"),
    ],
)
async def test_a_refusal_that_stays_one(provider: OpenAi, peer: Peer, body: bytes) -> None:
    peer.answers.append(says(400, body))
    with pytest.raises(ModelRefusedError):
        await all_of(provider, structs.replace(HELLO, parameters=PARAMETERS))
    assert len(peer.heard) == 1


@pytest.mark.parametrize("parameter", [None, "messages.1"])
async def test_a_server_that_does_not_take_back_what_it_said(
    provider: OpenAi, peer: Peer, parameter: str | None
) -> None:
    body = refusal("'messages.1': property 'reasoning' is unsupported", param=parameter)
    said = Message(role="assistant", text="x", extra={"reasoning": "y", "z": 1}, extra_of="them")
    peer.answers += [says(400, body), SHORT]
    await all_of(provider, Request(system="", messages=(*HELLO.messages, said)))
    assert peer.body["messages"][1] == {"role": "assistant", "content": "x", "z": 1}


async def test_a_model_that_takes_no_limit_by_any_name(provider: OpenAi, peer: Peer) -> None:
    other = NEEDS_NEW_LIMIT.replace(b"max_tokens", b"max_completion_tokens")
    peer.answers += [says(400, NEEDS_NEW_LIMIT), says(400, other), SHORT]
    await all_of(provider, structs.replace(HELLO, parameters=PARAMETERS))
    assert not {"max_tokens", "max_completion_tokens"} & set(peer.body)


@pytest.mark.parametrize(
    ("status", "body", "says_so"),
    [
        (429, refusal("You exceeded your quota.", code="insufficient_quota"), "credit"),
        (400, refusal("Too long.", code="context_length_exceeded"), "too long"),
        (400, b'{"error":{"code":400,"type":"exceed_context_size_error","message":"-"}}', "long"),
        (400, b'{"object":"error","message":"maximum context length is 9","code":400}', "long"),
        (400, refusal("Filtered.", code="content_filter"), "refuses to answer"),
        (400, refusal(f"Bad key {KEY}", code="invalid_api_key"), "key"),
    ],
)
async def test_what_a_refusal_says_of_itself(
    provider: OpenAi, peer: Peer, status: int, body: bytes, says_so: str
) -> None:
    peer.answers.append(says(status, body))
    with pytest.raises(ModelRefusedError, match=says_so) as caught:
        await all_of(provider)
    assert KEY not in caught.value.sentence


@pytest.mark.parametrize(
    ("path", "version", "asked"),
    [
        ("", None, "/v1/chat/completions"),
        ("/", None, "/v1/chat/completions"),
        ("/api/v1/", None, "/api/v1/chat/completions"),
        ("/openai/v1/", None, "/openai/v1/chat/completions"),
        ("/v1?team=7", None, "/v1/chat/completions?team=7"),
        (
            "",
            "2024-10-21",
            "/openai/deployments/model-1/chat/completions?api-version=2024-10-21",
        ),
        (
            "/openai",
            "2024-10-21",
            "/openai/deployments/model-1/chat/completions?api-version=2024-10-21",
        ),
        ("/openai/v1", "preview", "/openai/v1/chat/completions?api-version=preview"),
    ],
)
async def test_where_servers_are_asked(
    peer: Peer, http: aiohttp.ClientSession, path: str, version: str | None, asked: str
) -> None:
    config = peer.config("openai", url=peer.url + path, api_version=version, headers={"X-A": "b"})
    peer.answers.append(SHORT)
    await all_of(create("them", config, http, QUICK))
    heard = peer.heard[0]
    assert heard.path == asked
    assert heard.headers["X-A"] == "b"
    assert ("api-key" in heard.headers) == (version is not None)
    assert ("Authorization" in heard.headers) == (version is None)


async def test_azure_knows_the_newer_limit(peer: Peer, http: aiohttp.ClientSession) -> None:
    peer.answers.append(SHORT)
    config = peer.config("openai", api_version="2024-10-21")
    request = structs.replace(HELLO, parameters=PARAMETERS)
    await all_of(create("them", config, http, QUICK), request)
    assert peer.body["max_completion_tokens"] == 100


async def test_the_prefix_stays_the_same(provider: OpenAi, peer: Peer) -> None:
    """All that comes before the newest user message, whatever the context is."""
    said = [Message(role="user", text="One"), Message(role="assistant", text="Two")]
    for context in ("It is noon.", "It is one."):
        peer.answers.append(SHORT)
        messages = (*said, Message(role="user", text="Three"))
        await all_of(
            provider,
            Request(system="S", messages=messages, tools=(SWITCH, CLOCK), context=context),
        )
    first, second = (heard.body for heard in peer.heard)
    assert first["messages"][:-1] == second["messages"][:-1]
    assert first["tools"] == second["tools"]
    assert first["messages"][-1] != second["messages"][-1]
