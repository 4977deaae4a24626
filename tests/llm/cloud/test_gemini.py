"""What is asked of Gemini's API, and how an answer goes back to it."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import msgspec
import pytest
from msgspec import structs

from pichat.errors import PiChatError
from pichat.llm.base import Ended, Message, Request
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from pichat.llm.gemini import Gemini, create
from pichat.llm.gemini_schema import gemini_schema
from tests.llm.cloud.peer import HELLO, KEY, QUICK, Peer, all_of, says, streams
from tests.llm.cloud.talk import CLOCK, PARAMETERS, PIXEL, SWITCH, after, answered
from tests.llm.cloud.wires import GEMINI, candidate, event

SHORT = streams(candidate({"text": "Hi"}, reason="STOP"))


@pytest.fixture
def provider(peer: Peer, http: aiohttp.ClientSession) -> Gemini:
    return create("them", peer.config("gemini"), http, QUICK)


async def test_the_request(provider: Gemini, peer: Peer) -> None:
    request = Request(
        system="Be brief.",
        messages=(Message(role="user", text="Light?"),),
        context="It is noon.",
        tools=(SWITCH, CLOCK),
        tool_choice="required",
        parameters=PARAMETERS,
    )
    peer.answers.append(SHORT)
    await all_of(provider, request)
    heard = peer.heard[0]
    assert heard.path == "/v1beta/models/model-1:streamGenerateContent?alt=sse"
    assert heard.headers["x-goog-api-key"] == KEY
    parameters = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "on": {"type": "boolean"}},
        "required": ["name"],
    }
    assert peer.body == {
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "switch",
                        "description": "Switch a device.",
                        "parameters": parameters,
                    },
                    {"name": "get_time", "description": "The time."},
                ]
            }
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "contents": [
            {"role": "user", "parts": [{"text": "<context>\nIt is noon.\n</context>\n\nLight?"}]}
        ],
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "maxOutputTokens": 100,
            "seed": 7,
            "stopSequences": ["END"],
        },
    }


@pytest.mark.parametrize(
    ("path", "model", "asked"),
    [
        ("/v1beta", "gemini-x", "/v1beta/models/gemini-x:streamGenerateContent?alt=sse"),
        ("/v1/", "models/gemini-x", "/v1/models/gemini-x:streamGenerateContent?alt=sse"),
        ("", "tunedModels/y", "/v1beta/tunedModels/y:streamGenerateContent?alt=sse"),
    ],
)
async def test_where_it_is_asked(
    peer: Peer, http: aiohttp.ClientSession, path: str, model: str, asked: str
) -> None:
    peer.answers.append(SHORT)
    config = peer.config("gemini", url=peer.url + path, model=model)
    await all_of(create("them", config, http, QUICK))
    assert peer.heard[0].path == asked
    assert set(peer.body) == {"systemInstruction", "contents"}


async def test_an_answer_goes_back_as_it_came(provider: Gemini, peer: Peer) -> None:
    peer.answers += [streams(GEMINI.answer), SHORT, SHORT]
    answer = answered(await all_of(provider), "them")
    kept = msgspec.json.decode(msgspec.json.encode(answer), type=Message)
    await all_of(provider, after(kept))
    user, model, results = peer.body["contents"]
    data = base64.b64encode(PIXEL).decode()
    assert user["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": data}},
        {"text": "Light?"},
    ]
    assert model == {
        "role": "model",
        "parts": [
            {"text": "Hello, wörld", "thoughtSignature": "Zz+/="},
            {
                "functionCall": {"name": "switch", "args": {"name": 'Küche "links"\n'}},
                "thoughtSignature": "Cg+/=",
            },
            {"functionCall": {"name": "get_time", "args": {}, "id": "fc-2"}},
        ],
    }
    assert results == {
        "role": "user",
        "parts": [
            {"functionResponse": {"name": "switch", "response": {"result": "result 0"}}},
            {
                "functionResponse": {
                    "id": "fc-2",
                    "name": "get_time",
                    "response": {"result": "result 1"},
                }
            },
        ],
    }
    await all_of(provider, after(structs.replace(kept, extra_of="somebody else")))
    assert "Signature" not in msgspec.json.encode(peer.body).decode()
    assert "fc-2" not in msgspec.json.encode(peer.body).decode()


async def test_parts_that_nobody_knows_come_back(provider: Gemini, peer: Peer) -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1 + 1"}}
    peer.answers += [streams(candidate(code, {"text": "Two"}, reason="STOP")), SHORT]
    await all_of(provider, after(answered(await all_of(provider), "them")))
    assert peer.body["contents"][1]["parts"] == [code, {"text": "Two"}]


@pytest.mark.parametrize(
    ("reason", "end"),
    [("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "refused"), ("SPII", "refused")],
)
async def test_how_an_answer_ends(provider: Gemini, peer: Peer, reason: str, end: str) -> None:
    peer.answers.append(streams(candidate({"text": "x"}, reason=reason)))
    ended = (await all_of(provider))[-1]
    assert isinstance(ended, Ended)
    assert ended.reason == end


async def test_a_cut_after_a_reason(provider: Gemini, peer: Peer) -> None:
    """Some of its models give one with every chunk."""
    chunk = candidate({"text": "x"}, reason="STOP")
    peer.answers.append(streams(chunk, chunk[:-20]))
    with pytest.raises(ModelFailedError, match="broke off"):
        await all_of(provider)


async def test_a_question_that_is_refused(provider: Gemini, peer: Peer) -> None:
    peer.answers.append(streams(event({"promptFeedback": {"blockReason": "SAFETY"}})))
    assert await all_of(provider) == [Ended(reason="refused")]


async def test_a_call_that_did_not_succeed(provider: Gemini, peer: Peer) -> None:
    peer.answers.append(streams(candidate(reason="MALFORMED_FUNCTION_CALL")))
    with pytest.raises(ModelFailedError, match="could not finish"):
        await all_of(provider)


def refusal(status: int, word: str, **detail: Any) -> bytes:
    error = {"code": status, "message": "No.", "status": word, "details": [{"@type": "x"}, detail]}
    return msgspec.json.encode({"error": error})


async def test_a_wrong_key(provider: Gemini, peer: Peer) -> None:
    peer.answers.append(says(400, refusal(400, "INVALID_ARGUMENT", reason="API_KEY_INVALID")))
    with pytest.raises(ModelRefusedError, match="key"):
        await all_of(provider)


async def test_a_pause_in_the_body(provider: Gemini, peer: Peer) -> None:
    peer.answers.append(says(429, refusal(429, "RESOURCE_EXHAUSTED", retryDelay="34.5s")))
    with pytest.raises(RateLimitedError) as caught:
        await all_of(provider)
    assert caught.value.retry_after_s == 34.5


@pytest.mark.parametrize(
    ("word", "error"),
    [("UNAVAILABLE", ModelFailedError), ("RESOURCE_EXHAUSTED", RateLimitedError)],
)
async def test_errors_within_a_stream_are_told_apart(
    provider: Gemini, peer: Peer, word: str, error: type[PiChatError]
) -> None:
    body = event({"error": {"message": "-", "status": word}})
    peer.answers.append(streams(GEMINI.text, body))
    with pytest.raises(error):
        await all_of(provider, HELLO)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        (
            {"type": ["string", "integer"]},
            {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        ),
        ({"const": "on"}, {"type": "string", "enum": ["on"]}),
        ({"enum": ["a", "b", None]}, {"nullable": True, "type": "string", "enum": ["a", "b"]}),
        ({"type": "integer", "enum": [1, 2]}, {"type": "integer"}),
        (
            {"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, {"type": "null"}]},
            {"nullable": True, "type": "integer"},
        ),
        (
            {"oneOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        (
            {
                "$defs": {"Room": {"type": "string", "maxLength": 9, "examples": ["x"]}},
                "type": "array",
                "items": {"$ref": "#/$defs/Room", "description": "A room."},
                "uniqueItems": True,
            },
            {
                "type": "array",
                "items": {"type": "string", "maxLength": 9, "description": "A room."},
            },
        ),
        (
            {"type": "object", "properties": {"type": {"type": "number", "multipleOf": 2}}},
            {"type": "object", "properties": {"type": {"type": "number"}}},
        ),
    ],
)
def test_schemas(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert gemini_schema(schema) == expected


def test_a_schema_that_contains_itself_ends() -> None:
    again = {"$ref": "#/$defs/Tree"}
    tree = {"type": "object", "properties": {f"branch{number}": again for number in range(9)}}
    found = gemini_schema({"$defs": {"Tree": tree}, **again})
    assert found["properties"] == {f"branch{number}": {} for number in range(9)}
