"""OpenAI's images API, which others speak as well."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from yarl import URL

from pichat.events import Image
from pichat.llm.failures import Asked
from pichat.llm.http import Server
from pichat.llm.images import MOST_IMAGE_BYTES, media_type
from pichat.llm.network import nonsense

_DRAWS_S = 180.0  # without a byte: a good picture takes minutes
_ALWAYS_BASE64 = ("gpt-image", "chatgpt-image")  # and these refuse to be told so


class _Picture(msgspec.Struct):
    b64_json: str | None = None
    url: str | None = None


class _Pictures(msgspec.Struct):
    data: list[_Picture]


def drawing(model: str, prompt: str, size: str | None) -> dict[str, Any]:
    """The body of the request."""
    body: dict[str, Any] = {"model": model, "prompt": prompt, "n": 1}
    if size is not None:
        body["size"] = size
    if not model.startswith(_ALWAYS_BASE64):
        body["response_format"] = "b64_json"
    return body


async def drawn(server: Server, url: URL, model: str, body: dict[str, Any]) -> Image:
    """The picture that `url` answers with. Raises RequestRefusedError and ModelFailedError."""
    asked = server.asked(url, model)
    answer = await server.fetch(
        url, model, body, silent_s=_DRAWS_S, most_bytes=MOST_IMAGE_BYTES * 3 // 2
    )
    try:
        pictures = msgspec.json.decode(answer, type=_Pictures).data
        data = await _data(server, url, asked, pictures[0])
    except (msgspec.DecodeError, RecursionError, binascii.Error, IndexError, ValueError) as error:
        raise nonsense(asked) from error
    kind = media_type(data)
    if kind is None or len(data) > MOST_IMAGE_BYTES:
        raise nonsense(asked)
    return Image(media_type=kind, data=data)


async def _data(server: Server, asked_at: URL, asked: Asked, picture: _Picture) -> bytes:
    if picture.b64_json is not None:
        return base64.b64decode(picture.b64_json, validate=True)
    # Whoever answers must not send us to fetch things from other machines of the house.
    where = URL(picture.url or "")
    if not where.absolute:
        where = asked_at.join(where)
    if where.origin() != asked_at.origin() or not picture.url:
        raise nonsense(asked)
    return await server.fetch_file(where, asked.model, MOST_IMAGE_BYTES)
