"""What is asked of Anthropic's API, and how an answer goes back to it."""

from __future__ import annotations

import base64

import aiohttp
import msgspec
import pytest
from msgspec import structs

from pichat.config.types import ModelParameters
from pichat.llm.anthropic import Anthropic, create
from pichat.llm.base import Ended, Message, Request, TextDelta
from pichat.llm.errors import ModelRefusedError, RateLimitedError
from tests.llm.cloud.peer import HELLO, KEY, QUICK, Peer, all_of, says, streams
from tests.llm.cloud.talk import PARAMETERS, PIXEL, SCHEMA, SWITCH, after, answered
from tests.llm.cloud.wires import ANTHROPIC, ARGUMENTS, THOUGHT, event

CACHED = {"type": "ephemeral"}


def ending(reason: str) -> bytes:
    return event({"type": "message_delta", "delta": {"stop_reason": reason}}, "message_delta")


SHORT = streams(ANTHROPIC.text, ending("end_turn"), event({"type": "message_stop"}))


@pytest.fixture
def provider(peer: Peer, http: aiohttp.ClientSession) -> Anthropic:
    return create("them", peer.config("anthropic"), http, QUICK)


async def test_the_request(provider: Anthropic, peer: Peer) -> None:
    request = Request(
        system="Be brief.",
        messages=(Message(role="user", text="Light?"),),
        context="It is noon.",
        tools=(structs.replace(SWITCH, name="a"), SWITCH),
        tool_choice="required",
        parameters=PARAMETERS,
    )
    peer.answers.append(SHORT)
    await all_of(provider, request)
    assert peer.heard[0].path == "/v1/messages"
    assert peer.heard[0].headers["x-api-key"] == KEY
    assert peer.heard[0].headers["anthropic-version"] == "2023-06-01"
    tool = {"description": "Switch a device.", "input_schema": SCHEMA}
    text = "<context>\nIt is noon.\n</context>\n\nLight?"
    assert peer.body == {
        "model": "model-1",
        "max_tokens": 100,
        "stream": True,
        "tools": [{"name": "a", **tool}, {"name": "switch", **tool, "cache_control": CACHED}],
        "tool_choice": {"type": "any"},
        "system": [{"type": "text", "text": "Be brief.", "cache_control": CACHED}],
        "messages": [{"role": "user", "content": [{"type": "text", "text": text}]}],
        "temperature": 0.5,
        "stop_sequences": ["END"],
    }


async def test_the_least_request(provider: Anthropic, peer: Peer) -> None:
    peer.answers.append(SHORT)
    await all_of(provider, Request(system="", messages=HELLO.messages))
    assert set(peer.body) == {"model", "max_tokens", "stream", "messages"}


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (ModelParameters(temperature=2.0), {"temperature": 1.0}),
        (ModelParameters(top_p=0.5), {"top_p": 0.5}),
    ],
)
async def test_parameters(
    provider: Anthropic, peer: Peer, wanted: ModelParameters, sent: dict[str, float]
) -> None:
    peer.answers.append(SHORT)
    await all_of(provider, structs.replace(HELLO, parameters=wanted))
    assert {key: peer.body[key] for key in ("temperature", "top_p") if key in peer.body} == sent


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
async def test_where_it_is_asked(peer: Peer, http: aiohttp.ClientSession, path: str) -> None:
    peer.answers.append(SHORT)
    await all_of(create("them", peer.config("anthropic", url=peer.url + path), http, QUICK))
    assert peer.heard[0].path == "/v1/messages"


async def test_an_answer_goes_back_as_it_came(provider: Anthropic, peer: Peer) -> None:
    peer.answers += [streams(ANTHROPIC.answer), SHORT, SHORT]
    answer = answered(await all_of(provider), "them")
    kept = msgspec.json.decode(msgspec.json.encode(answer), type=Message)
    await all_of(provider, after(kept, context="It is noon."))
    user, assistant, results = peer.body["messages"]
    source = {"type": "base64", "media_type": "image/png"}
    picture = {**source, "data": base64.b64encode(PIXEL).decode()}
    assert user["content"][0] == {"type": "image", "source": picture}
    assert "It is noon." in user["content"][1]["text"]
    assert assistant["content"] == [
        THOUGHT,
        {"type": "text", "text": "Hello, wörld"},
        {
            "type": "tool_use",
            "id": "toolu_a",
            "name": "switch",
            "input": msgspec.json.decode(ARGUMENTS),
            "caller": {"type": "direct"},
        },
        {"type": "tool_use", "id": "toolu_b", "name": "get_time", "input": {}},
    ]
    assert results == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "toolu_a", "content": "result 0"},
            {"type": "tool_result", "tool_use_id": "toolu_b", "content": "result 1"},
        ],
    }
    await all_of(provider, after(structs.replace(kept, extra_of="somebody else")))
    blocks = peer.body["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["text", "tool_use", "tool_use"]
    assert "caller" not in blocks[1]


async def test_blocks_that_nobody_knows(provider: Anthropic, peer: Peer) -> None:
    """They keep their places; what a thought without a signature was is not sent."""
    searched = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    blocks = [
        ({"type": "thinking", "thinking": ""}, {"thinking": "cut o"}),
        ({"type": "text", "text": "Hello"}, {"text": "."}),
        (searched, {"partial_json": '{"query":"x"}'}),
        ({"type": "redacted_thinking", "data": "AA=="}, {}),
    ]
    pieces = [
        event({"type": f"content_block_{part}", "index": index, **fields})
        for index, (block, delta) in enumerate(blocks)
        for part, fields in (("start", {"content_block": block}), ("delta", {"delta": delta}),
                             ("stop", {}))
    ]  # fmt: skip
    peer.answers += [streams(*pieces, ending("pause_turn")), SHORT]
    events = await all_of(provider)
    assert events[:2] == [TextDelta(text="Hello"), TextDelta(text=".")]
    await all_of(provider, after(answered(events, "them")))
    assert peer.body["messages"][1]["content"] == [
        {"type": "text", "text": "Hello."},
        {**searched, "input": {"query": "x"}},
        {"type": "redacted_thinking", "data": "AA=="},
    ]


@pytest.mark.parametrize(
    ("reason", "end"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"),
     ("refusal", "refused"), ("something_new", "stop")],
)  # fmt: skip
async def test_how_an_answer_ends(provider: Anthropic, peer: Peer, reason: str, end: str) -> None:
    peer.answers.append(streams(ANTHROPIC.text, ending(reason), event({"type": "message_stop"})))
    ended = (await all_of(provider))[-1]
    assert isinstance(ended, Ended)
    assert ended.reason == end


async def test_nothing_empty_is_sent(provider: Anthropic, peer: Peer) -> None:
    messages = (
        Message(role="user", text="Hi"),
        Message(role="assistant", text=""),
        Message(role="user", text="Hello?"),
    )
    peer.answers.append(SHORT)
    await all_of(provider, Request(system="", messages=messages))
    assert [each["role"] for each in peer.body["messages"]] == ["user", "user"]


@pytest.mark.parametrize(
    ("kind", "message", "error"),
    [
        ("rate_limit_error", "Slow down.", RateLimitedError),
        ("authentication_error", "invalid x-api-key", ModelRefusedError),
        ("invalid_request_error", "prompt is too long: 9 tokens", ModelRefusedError),
    ],
)
async def test_errors_within_a_stream_are_told_apart(
    provider: Anthropic, peer: Peer, kind: str, message: str, error: type[Exception]
) -> None:
    broken = event({"type": "error", "error": {"type": kind, "message": message}}, "error")
    peer.answers.append(streams(ANTHROPIC.text, broken))
    with pytest.raises(error):
        await all_of(provider)


async def test_no_credit(provider: Anthropic, peer: Peer) -> None:
    body = b'{"type":"error","error":{"type":"billing_error","message":"-"}}'
    peer.answers.append(says(400, body))
    with pytest.raises(ModelRefusedError, match="credit"):
        await all_of(provider)
