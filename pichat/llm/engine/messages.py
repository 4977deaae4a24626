"""A conversation as chat templates take it: dictionaries as in OpenAI's API."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from pichat.llm.base import Call, Message, ToolSpec
from pichat.llm.calls.hermes import HERMES
from pichat.llm.outside import marked

_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)\s*", re.DOTALL)
# What special tokens look like in all families: <|im_end|>, </s>, [INST] …
_SPECIAL = re.compile(r"<[^<>\s]{1,48}>|\[/?[A-Z_]{2,32}\]")
_ID_LENGTH = 9  # Mistral's template takes no other

Plain = dict[str, Any]


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """What a chat template can show: a system text; tools; calls and their results, and several of
    them in one message."""

    system: bool
    tools: bool
    calls: bool
    parallel: bool


def plain_tools(tools: Sequence[ToolSpec]) -> list[Plain]:
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in tools
    ]


def described(tools: Sequence[ToolSpec]) -> str:
    """The tools in words, for a model whose template leaves them away."""
    listed = "\n".join(msgspec.json.encode(tool).decode() for tool in plain_tools(tools))
    call = '{"name": the function\'s name, "arguments": an object with its arguments}'
    return (
        "\n\n# Tools\n\nYou can call functions. These are their signatures:\n"
        f"<tools>\n{listed}\n</tools>\n\nFor each call, write an object like this and nothing else "
        f"between the tags:\n{HERMES.start}\n{call}\n{HERMES.end}"
    )


def plain_messages(
    messages: Sequence[Message], style: Style, is_special: Callable[[str], bool]
) -> list[Plain]:
    """`is_special`: whether a text is a token that steers the model. Nothing in what somebody said
    or wrote comes out as one. User and assistant take turns, as most templates demand."""

    def harmless(message: Message) -> str:
        text = marked(message)
        if message.role == "assistant":
            text = _THOUGHTS.sub("", text)
        return _SPECIAL.sub(
            lambda found: f"{found[0][0]} {found[0][1:]}" if is_special(found[0]) else found[0],
            text,
        )

    plain: list[Plain] = []
    for message in messages:
        text = harmless(message)
        if message.role == "tool":
            plain.append(_result(message, text, style))
        elif message.calls and style.calls:
            plain.append(_calling(text, message.calls))
        else:
            written = "\n".join([text, *map(_written, message.calls)]).strip()
            plain.append({"role": message.role, "content": written})
    taking_turns = list(_merged(plain))
    return taking_turns if style.parallel else list(_one_at_a_time(taking_turns))


def _calling(text: str, calls: Sequence[Call]) -> Plain:
    functions = [{"name": call.name, "arguments": _arguments(call)} for call in calls]
    return {
        "role": "assistant",
        "content": text,
        "tool_calls": [
            {"id": _id(call.id), "type": "function", "function": function}
            for call, function in zip(calls, functions, strict=True)
        ],
    }


def _arguments(call: Call) -> Plain:
    """Another provider's model may have written nonsense."""
    try:
        return msgspec.json.decode(call.arguments or "{}", type=Plain)
    except msgspec.MsgspecError:
        return {}


def _id(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()[:_ID_LENGTH]


def _written(call: Call) -> str:
    body = msgspec.json.encode({"name": call.name, "arguments": _arguments(call)}).decode()
    return f"{HERMES.start}\n{body}\n{HERMES.end}"


def _result(message: Message, text: str, style: Style) -> Plain:
    if not style.calls:
        return {"role": "user", "content": f"<tool_response>\n{text}\n</tool_response>"}
    return {
        "role": "tool",
        "content": text,
        "name": message.name,
        "tool_call_id": _id(message.call_id),
    }


def _merged(plain: list[Plain]) -> Iterator[Plain]:
    """Two messages of the same side in a row become one."""
    last: Plain | None = None
    for message in plain:
        same = last is not None and last["role"] == message["role"] != "tool"
        if last is None or not same or "tool_calls" in last:
            if last is not None:
                yield last
            last = dict(message)
            continue
        both = [last["content"], message["content"]]
        last |= message | {"content": "\n\n".join(text for text in both if text)}
    if last is not None:
        yield last


def _one_at_a_time(plain: list[Plain]) -> Iterator[Plain]:
    """Calls that were made together, one after the other, each with its result behind it."""
    results = {m["tool_call_id"]: m for m in plain if m["role"] == "tool"}
    for message in plain:
        calls = message.get("tool_calls", [])
        if message["role"] == "tool":
            continue
        if not calls:
            yield message
        for number, call in enumerate(calls):
            text = message["content"] if number == 0 else ""
            yield message | {"content": text, "tool_calls": [call]}
            if call["id"] in results:
                yield results[call["id"]]


def turns(messages: Sequence[Message]) -> list[Sequence[Message]]:
    """Each is a person's message and all that followed from it, oldest first; what comes before the
    first of them is left away, since no template can begin with it."""
    starts = [at for at, message in enumerate(messages) if message.role == "user"]
    # Two messages of a person in a row are one.
    starts = [at for at in starts if at == 0 or messages[at - 1].role != "user"]
    return [messages[start:end] for start, end in pairwise([*starts, len(messages)])]
