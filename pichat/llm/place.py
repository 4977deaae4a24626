"""Where in a conversation the things stand that every model is shown the same way."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from pichat.llm.base import Call, Message, Request
from pichat.llm.outside import marked


def placed(request: Request) -> tuple[Message, ...]:
    """The messages as a model is to read them: what came from outside is marked, and the context
    stands in the newest user message, before its text. All before that message is the same from
    one request to the next. Not a message of its own: many models' templates allow a system
    message only at the beginning, and no two user messages in a row."""
    messages = [
        structs.replace(each, text=marked(each)) if each.outside else each
        for each in request.messages
    ]
    if not request.context:
        return tuple(messages)
    context = f"<context>\n{request.context}\n</context>"
    for index in reversed(range(len(messages))):
        if messages[index].role == "user":
            text = f"{context}\n\n{messages[index].text}"
            messages[index] = structs.replace(messages[index], text=text)
            return tuple(messages)
    return (*messages, Message(role="user", text=context))


def arguments_of(call: Call) -> dict[str, Any]:
    """A call's arguments for an API that takes them back as an object only. What a model wrote
    instead of one has been answered with an error, and is gone without harm."""
    try:
        return msgspec.json.decode(call.arguments, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
