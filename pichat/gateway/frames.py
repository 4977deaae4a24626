"""From the bytes of a text frame to a `Request`, or to an error that says what is wrong with it.

The parsers alone do not suffice: msgspec keeps the last of duplicate keys, and takes a thousand
levels of nesting before it raises RecursionError.
"""

import json
import re
from collections.abc import Container
from typing import Any

import msgspec

from pichat.errors import BadRequestError, PiChatError, TooLargeError
from pichat.gateway.protocol import Request, new_id

MAX_FRAME_BYTES = 1024 * 1024
# For the few actions that take a whole recording: 30 s of 48 kHz, one channel, in base64.
MAX_CLIP_FRAME_BYTES = 4 * 1024 * 1024
_MOST_PARTS = 64  # of a frame that large: all but one long string of it is small
MAX_DEPTH = 32
MAX_ID_LENGTH = 128

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_MISSING = re.compile(
    r"Object missing required field `(?P<field>[^`]*)`(?: - at `\$\.?(?P<at>.*)`)?"
)
_WRONG = re.compile(r"(?P<what>.*) - at `\$\.?(?P<at>.*)`")


class FrameError(Exception):
    """A frame that is no request: the error to reply with, and what of it could be read."""

    def __init__(self, error: PiChatError, request_id: str, action: str | None) -> None:
        super().__init__(error.sentence)
        self.error = error
        self.request_id = request_id
        self.action = action


def too_deep(raw: bytes) -> bool:
    """Whether the JSON text nests by more than MAX_DEPTH, without a loop over its characters."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRING.sub(b"", raw).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise BadRequestError(f"The field “{twice[:64]}” is there twice.")
    return found


def _count_keys(value: Any) -> int:
    """Of all objects in a value that nests no deeper than MAX_DEPTH."""
    if type(value) is dict:
        return len(value) + sum(map(_count_keys, value.values()))
    if type(value) is list:
        return sum(map(_count_keys, value))
    return 0


_duplicates = json.JSONDecoder(object_pairs_hook=_no_duplicates)


def _too_large(raw: bytes) -> TooLargeError:
    return TooLargeError(f"The frame has {len(raw)} bytes; at most {MAX_FRAME_BYTES} are accepted.")


def _may_be_clip(raw: bytes) -> bool:
    """Whether a frame is quick to parse though it is large."""
    few = all(raw.count(mark) <= _MOST_PARTS for mark in (b'"', b",", b"\\"))
    return len(raw) <= MAX_CLIP_FRAME_BYTES and few


def _parse(raw: bytes) -> Any:
    """The JSON value. Raises BadRequestError or TooLargeError."""
    if len(raw) > MAX_FRAME_BYTES and not _may_be_clip(raw):
        raise _too_large(raw)
    if too_deep(raw):
        raise BadRequestError(
            f"The frame is not valid JSON, or nests more than {MAX_DEPTH} levels deep."
        )
    try:
        value = msgspec.json.decode(raw)
        # Each key has its colon. Where they are as many, no key came twice; else text may have
        # some too, and only a slower look tells.
        if raw.count(b":") != _count_keys(value):
            _duplicates.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"The frame is not valid JSON: {error}.") from error
    return value


def field_error(owner: str, error: msgspec.ValidationError) -> BadRequestError:
    """msgspec's finding as a sentence that names the field."""
    text = str(error)
    if missing := _MISSING.fullmatch(text):
        path = ".".join(part for part in (missing["at"], missing["field"]) if part)
        return BadRequestError(f"{owner} lacks the field “{path}”.")
    if wrong := _WRONG.fullmatch(text):
        what = wrong["what"].replace("`", "")
        return BadRequestError(f"{owner}: the field “{wrong['at']}” does not fit. {what}.")
    return BadRequestError(f"{owner} does not fit. {text.replace('`', '')}.")


def read_request(raw: bytes, takes_clips: Container[str] = ()) -> tuple[str, Request]:
    """The request in a text frame, and its id: its own or a new one. The actions `takes_clips`
    may have up to MAX_CLIP_FRAME_BYTES. Raises FrameError."""
    request_id = action = None
    try:
        value = _parse(raw)
        if isinstance(value, dict):
            given = value.get("request_id")
            if isinstance(given, str) and 0 < len(given) <= MAX_ID_LENGTH:
                request_id = given
            elif given is not None:
                raise BadRequestError(
                    f"“request_id” has to be a text of 1 to {MAX_ID_LENGTH} characters."
                )
            if isinstance(value.get("action"), str):
                action = value["action"][:64]
        if len(raw) > MAX_FRAME_BYTES and action not in takes_clips:
            raise _too_large(raw)
        request = msgspec.convert(value, Request)
    except msgspec.ValidationError as error:
        broken = field_error("The request", error)
        raise FrameError(broken, request_id or new_id(), action) from error
    except PiChatError as error:
        raise FrameError(error, request_id or new_id(), action) from error
    return request_id or new_id(), request
