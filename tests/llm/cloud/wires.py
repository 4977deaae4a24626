"""What each provider's server says, in the form that its documentation shows, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from pichat.llm import anthropic, gemini, openai
from pichat.llm.anthropic_answer import AnthropicReader
from pichat.llm.base import CallDelta, Ended, LlmEvent, TextDelta, Usage
from pichat.llm.failures import Asked
from pichat.llm.gemini_answer import GeminiReader
from pichat.llm.http import Reader
from pichat.llm.openai_answer import OpenAiReader

ASKED = Asked("them", "model-1", "example.org")
ARGUMENTS = '{"name":"Küche \\"links\\"\\n","on":true}'


class Wire(NamedTuple):
    """`text`: an event that says "Hello". `answer`: a whole stream with an unknown event,
    keep-alive comments, two parallel calls, arguments that are cut within an escape, and what else
    the API has; `means` are its events; it can be over once `reason` came. `error`: the body of an
    error; `broken`: an error in a stream."""

    kind: str
    create: Callable[..., Any]
    reader: Callable[[Asked], Reader]
    text: bytes
    answer: bytes
    means: list[LlmEvent]
    reason: bytes
    error: Callable[[int], bytes]
    broken: bytes


def event(data: Any, name: str = "") -> bytes:
    text = data if isinstance(data, bytes) else msgspec.json.encode(data)
    return (f"event: {name}\n".encode() if name else b"") + b"data: " + text + b"\n\n"


def chunk(delta: dict[str, Any], reason: str | None = None, **fields: Any) -> bytes:
    """One of OpenAI's."""
    return event(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "model-1",
            "system_fingerprint": "fp_1",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
            **fields,
        }
    )


def call_piece(index: int | None, arguments: str, **fields: Any) -> dict[str, Any]:
    function = {"arguments": arguments}
    if "name" in fields:
        function["name"] = fields.pop("name")
    numbered = {} if index is None else {"index": index}
    return {"tool_calls": [{**numbered, "function": function, **fields}]}


CUT_AT = ARGUMENTS.index('\\"') + 1  # between the backslash and what it escapes

OPENAI = Wire(
    kind="openai",
    create=openai.create,
    reader=OpenAiReader,
    text=chunk({"content": "Hello"}),
    answer=b"".join(
        (
            b": OPENROUTER PROCESSING\n\n",
            chunk({"role": "assistant", "content": ""}, usage=None),
            chunk({"content": "Hello"}),
            event(b'{"object":"something.new","value":[1]}', "new"),
            b": keep-alive\n\n",
            chunk({"content": ", wörld"}),
            chunk(call_piece(0, "", id="call_a", type="function", name="switch")),
            chunk(call_piece(0, ARGUMENTS[:CUT_AT])),
            chunk(call_piece(1, "", id="call_b", type="function", name="get_time")),
            chunk(call_piece(0, ARGUMENTS[CUT_AT:])),
            chunk({}, "tool_calls"),
            event(
                {
                    "object": "chat.completion.chunk",
                    "choices": [],
                    "usage": {
                        "prompt_tokens": 30,
                        "completion_tokens": 9,
                        "total_tokens": 39,
                        "prompt_tokens_details": {"cached_tokens": 20, "audio_tokens": 0},
                        "cost": 0.0015,
                    },
                }
            ),
            event(b"[DONE]"),
        )
    ),
    means=[
        TextDelta(text="Hello"),
        TextDelta(text=", wörld"),
        CallDelta(index=0, id="call_a", name="switch"),
        CallDelta(index=0, arguments=ARGUMENTS[:CUT_AT]),
        CallDelta(index=1, id="call_b", name="get_time"),
        CallDelta(index=0, arguments=ARGUMENTS[CUT_AT:]),
        CallDelta(index=1, arguments="{}"),
        Usage(input_tokens=30, output_tokens=9, cached_tokens=20, cost_usd=0.0015),
        Ended(reason="tool_calls"),
    ],
    reason=b'"finish_reason":"tool_calls"',
    error=lambda status: msgspec.json.encode(
        {"error": {"message": "No.", "type": "some_error", "param": None, "code": None}}
    ),
    broken=event({"error": {"message": "The server had an error.", "type": "server_error"}}),
)


def _anthropic(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def _block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    return b"".join(
        (
            _anthropic("content_block_start", index=index, content_block=block),
            *(_anthropic("content_block_delta", index=index, delta=delta) for delta in deltas),
            _anthropic("content_block_stop", index=index),
        )
    )


def tool_use(call_id: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": {}, **fields}


def json_delta(text: str) -> dict[str, Any]:
    return {"type": "input_json_delta", "partial_json": text}


THOUGHT = {"type": "thinking", "thinking": "It wants light.", "signature": "EqQB+/="}

ANTHROPIC = Wire(
    kind="anthropic",
    create=anthropic.create,
    reader=AnthropicReader,
    text=_anthropic("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hello"}),
    answer=b"".join(
        (
            _anthropic(
                "message_start",
                message={
                    "id": "msg_1",
                    "role": "assistant",
                    "content": [],
                    "usage": {
                        "input_tokens": 4,
                        "cache_creation_input_tokens": 6,
                        "cache_read_input_tokens": 20,
                        "output_tokens": 1,
                    },
                },
            ),
            _block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "It wants "},
                {"type": "thinking_delta", "thinking": "light."},
                {"type": "signature_delta", "signature": "EqQB+/="},
            ),
            _anthropic("ping"),
            _anthropic("something_new", index=0, delta={"type": "new_delta"}),
            b": keep-alive\n\n",
            _block(
                1,
                {"type": "text", "text": ""},
                {"type": "text_delta", "text": "Hello"},
                {"type": "citations_delta", "citation": {"url": "x"}},
                {"type": "text_delta", "text": ", wörld"},
            ),
            _block(
                2,
                tool_use("toolu_a", "switch", caller={"type": "direct"}),
                json_delta(""),
                json_delta(ARGUMENTS[:CUT_AT]),
                json_delta(ARGUMENTS[CUT_AT:]),
            ),
            _block(3, tool_use("toolu_b", "get_time")),
            _anthropic(
                "message_delta",
                delta={"stop_reason": "tool_use", "stop_sequence": None},
                usage={"output_tokens": 9},
            ),
            _anthropic("message_stop"),
        )
    ),
    means=[
        Usage(input_tokens=30, output_tokens=1, cached_tokens=20),
        TextDelta(text="Hello"),
        TextDelta(text=", wörld"),
        CallDelta(index=0, id="toolu_a", name="switch", extra={"caller": {"type": "direct"}}),
        CallDelta(index=0, arguments=ARGUMENTS[:CUT_AT]),
        CallDelta(index=0, arguments=ARGUMENTS[CUT_AT:]),
        CallDelta(index=1, id="toolu_b", name="get_time"),
        CallDelta(index=1, arguments="{}"),
        Usage(input_tokens=30, output_tokens=9, cached_tokens=20),
        Ended(reason="tool_calls", extra={"blocks": [{"at": 0, "block": THOUGHT}]}),
    ],
    reason=b'"stop_reason":"tool_use"',
    error=lambda status: msgspec.json.encode(
        {"type": "error", "error": {"type": "some_error", "message": "No."}, "request_id": "req_1"}
    ),
    broken=_anthropic("error", error={"type": "overloaded_error", "message": "Overloaded"}),
)


def candidate(*parts: dict[str, Any], reason: str | None = None, **fields: Any) -> bytes:
    """A chunk of Gemini's."""
    content = {"parts": list(parts), "role": "model"}
    found: dict[str, Any] = {"content": content, "index": 0}
    if reason:
        found["finishReason"] = reason
    answer = {"candidates": [found], "modelVersion": "model-1", "responseId": "r1", **fields}
    return event(answer).replace(b"\n", b"\r\n")


GEMINI = Wire(
    kind="gemini",
    create=gemini.create,
    reader=GeminiReader,
    text=candidate({"text": "Hello"}),
    answer=b"".join(
        (
            candidate({"text": "Let me think.", "thought": True}),
            candidate({"text": "Hello"}),
            b": keep-alive\r\n\r\n",
            event({"somethingNew": {"value": 1}}),
            candidate({"text": ", wörld"}),
            candidate(
                {
                    "functionCall": {"name": "switch", "args": {"name": 'Küche "links"\n'}},
                    "thoughtSignature": "Cg+/=",
                },
                {"functionCall": {"id": "fc-2", "name": "get_time", "args": {}}},
            ),
            candidate(
                {"text": "", "thoughtSignature": "Zz+/="},
                reason="STOP",
                usageMetadata={
                    "promptTokenCount": 30,
                    "candidatesTokenCount": 5,
                    "thoughtsTokenCount": 4,
                    "cachedContentTokenCount": 20,
                    "totalTokenCount": 39,
                    "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 30}],
                },
            ),
        )
    ),
    means=[
        TextDelta(text="Hello"),
        TextDelta(text=", wörld"),
        CallDelta(
            index=0,
            id="*",
            name="switch",
            arguments='{"name":"Küche \\"links\\"\\n"}',
            extra={"thoughtSignature": "Cg+/="},
        ),
        CallDelta(index=1, id="fc-2", name="get_time", arguments="{}", extra={"id": "fc-2"}),
        Usage(input_tokens=30, output_tokens=9, cached_tokens=20),
        Ended(reason="tool_calls", extra={"text": {"thoughtSignature": "Zz+/="}}),
    ],
    reason=b'"finishReason":"STOP"',
    error=lambda status: msgspec.json.encode(
        [{"error": {"code": status, "message": "No.", "status": "SOME_STATUS"}}]
    ),
    broken=event({"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}}),
)

WIRES = (OPENAI, ANTHROPIC, GEMINI)


def known(events: list[LlmEvent]) -> list[LlmEvent]:
    """`events`, in which an id that was made up here is "*"."""
    return [
        msgspec.structs.replace(each, id="*")
        if isinstance(each, CallDelta) and each.id.startswith("call_") and len(each.id) > 12
        else each
        for each in events
    ]
