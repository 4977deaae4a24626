"""The messages that a client sends: what was said now, what was said before, and the pictures."""

import base64
import binascii
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Literal

import msgspec

from pichat.errors import BadRequestError, TooLargeError, UnsupportedError
from pichat.events import Image, Said
from pichat.llm.images import media_type

MOST_BYTES = 12 * 1024 * 1024
"""Of a body: pictures are base64 in it."""

_LONGEST_TEXT = 32_000
_MOST_IMAGES = 16
_MOST_IMAGES_BYTES = 8 * 1024 * 1024
_DATA_URL = re.compile(r"data:(?P<type>[\w.+/-]*)(?:;[\w=.-]+)*;base64,", re.IGNORECASE)
_UPLOAD = re.compile(r"(?:upload:|(?:https?://[^/]*)?/api/uploads/)([\w-]{1,64})(?:/content)?")


class ImageUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A picture: a `data:` URL, or an upload as `upload:ID` or by its path."""

    url: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a message: `text`, or `image_url` with a picture."""

    type: str
    text: str | None = None
    image_url: ImageUrl | str | None = None


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`system` and `developer` say how to answer. What tools of the client's own said is left out:
    PiChat has its own."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | tuple[Part, ...] | None = None


Messages = Annotated[tuple[ChatMessage, ...], msgspec.Meta(min_length=1, max_length=1000)]
Uploads = Callable[[Sequence[str]], Awaitable[tuple[Image, ...]]]
"""The pictures of uploads, by their ids."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`text` is what was said now, `history` what was said before it."""

    text: str
    images: tuple[Image, ...]
    history: tuple[Said, ...]
    system: str | None


async def read_messages(messages: Sequence[ChatMessage], uploads: Uploads) -> Asked:
    """Raises BadRequestError, UnsupportedError and TooLargeError that say which message it is, and
    what `uploads` raises."""
    system: list[str] = []
    said: list[Said] = []
    for number, message in enumerate(messages, 1):
        where = f"Message {number}"
        text = "\n".join(_texts(message, where))
        if message.role in ("system", "developer"):
            system.append(text)
        elif message.role == "user":
            images = await _images(message, where, uploads)
            said.append(Said(role="user", text=text, images=images))
        elif message.role == "assistant" and text:
            said.append(Said(role="assistant", text=text))
    if not said or said[-1].role != "user":
        raise BadRequestError("The last message has to be one of the user's.")
    *history, now = said
    if not now.text.strip() and not now.images:
        raise BadRequestError("The last message is empty.")
    check_size(now.text, [image for each in said for image in each.images])
    return Asked(
        text=now.text,
        images=now.images,
        history=tuple(history),
        system="\n\n".join(filter(None, system)) or None,
    )


def check_size(text: str, images: Sequence[Image]) -> None:
    """Raises TooLargeError for what is too much for one turn."""
    if len(text) > _LONGEST_TEXT:
        raise TooLargeError(f"A message may have at most {_LONGEST_TEXT:,} characters.")
    size = sum(len(image.data) for image in images)
    if len(images) > _MOST_IMAGES or size > _MOST_IMAGES_BYTES:
        most = _MOST_IMAGES_BYTES // 1024 // 1024
        raise TooLargeError(f"There may be {_MOST_IMAGES} pictures, of {most} MiB together.")


def _texts(message: ChatMessage, where: str) -> Iterator[str]:
    if isinstance(message.content, str):
        yield message.content
        return
    for part in message.content or ():
        if part.type in ("text", "input_text", "output_text"):
            yield part.text or ""
        elif part.type == "refusal":
            continue
        elif part.type not in ("image_url", "input_image") or message.role != "user":
            raise UnsupportedError(
                f"{where}: a part of the type “{part.type[:32]}” cannot be taken from the"
                f" {message.role}; text can, and pictures from the user."
            )


async def _images(message: ChatMessage, where: str, uploads: Uploads) -> tuple[Image, ...]:
    images: list[Image] = []
    for part in message.content or ():
        if isinstance(part, str) or part.type not in ("image_url", "input_image"):
            continue
        if len(images) >= _MOST_IMAGES:
            raise TooLargeError(f"There may be at most {_MOST_IMAGES} pictures.")
        given = part.image_url
        url = given.url if isinstance(given, ImageUrl) else given or ""
        if upload := _UPLOAD.fullmatch(url):
            images += await uploads((upload[1],))
        else:
            images.append(_from_data(url, where))
    return tuple(images)


def _from_data(url: str, where: str) -> Image:
    found = _DATA_URL.match(url)
    if found is None:
        raise BadRequestError(
            f"{where}: a picture has to be a data: URL with base64, or an upload (upload:ID)."
            " PiChat fetches nothing from elsewhere."
        )
    try:
        data = base64.b64decode(url[found.end() :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestError(f"{where}: the picture is not base64.") from error
    kind = media_type(data)
    if kind is None:
        raise BadRequestError(f"{where}: the picture has to be a PNG, JPEG, GIF or WebP.")
    return Image(media_type=kind, data=data)
