"""Pictures, for models that cannot see."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from msgspec import structs

from pichat.llm.base import Message, Request

_NOTE = "[The person sent a picture here, which you cannot see; they have been told so.]"
_TOOLS_NOTE = "[The tool also gave a picture, which the person sees and you cannot.]"


@runtime_checkable
class Sighted(Protocol):
    """A provider that knows whether its models take pictures. Others are asked with them first, and
    without them when they refuse."""

    sees: bool


def has_pictures(request: Request) -> bool:
    return any(message.images for message in request.messages)


def newest_has_pictures(request: Request) -> bool:
    """Whether they came with what the person said just now."""
    said = (message for message in reversed(request.messages) if message.role == "user")
    return bool(next(said, Message(role="user")).images)


def without_pictures(request: Request) -> Request:
    """The same, with a note in the place of each message's pictures."""
    messages = tuple(without_images(message) for message in request.messages)
    return structs.replace(request, messages=messages)


def without_images(message: Message) -> Message:
    if not message.images:
        return message
    note = _TOOLS_NOTE if message.role == "tool" else _NOTE
    text = f"{message.text}\n{note}" if message.text else note
    return structs.replace(message, text=text, images=())
