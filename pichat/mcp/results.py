"""What a tool elsewhere answered, as a result of ours: bounded, told where something is left out,
and nothing of it trusted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from pichat.events import Image, ToolResult
from pichat.llm.images import media_type

if TYPE_CHECKING:
    from mcp import types

_LONGEST_LINK = 2000
_MOST_PARTS = 200
_MOST_IMAGES = 4
_ROOM = 512
"""Bytes for the sentences about what was cut."""


def as_result(answer: types.CallToolResult, most_bytes: int) -> ToolResult:
    """`value` is the text alone where there is nothing else, or an object of `text`, `data` (what
    the tool gave as structure), `links` and `notes`: sentences on what could not be taken."""
    taken = _Taken(most_bytes)
    structured = answer.structured_content
    for part in answer.content[:_MOST_PARTS]:
        taken.take(part)
    if len(answer.content) > _MOST_PARTS:
        taken.notes.append(f"It gave {len(answer.content)} parts; {_MOST_PARTS} were taken.")
    if structured is not None:
        taken.structure(structured)
    return ToolResult(
        value=taken.value(), outside=True, images=tuple(taken.images), failed=answer.is_error
    )


@dataclass(slots=True)
class _Taken:
    left: int
    texts: list[str] = field(default_factory=list)
    links: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    data: Any = None

    def take(self, part: types.ContentBlock) -> None:
        match part.type:
            case "text":
                self._text(part.text)
            case "image":
                self._picture(part.data)
            case "audio":
                self.notes.append("It gave a sound, which is not played.")
            case "resource_link":
                self._link(str(part.uri), part.name, part.description or "")
            case "resource":
                self._embedded(part.resource)

    def structure(self, given: Any) -> None:
        """The same is usually given as text as well, for clients that take no other."""
        encoded = msgspec.json.encode(given)
        self.texts = [each for each in self.texts if not _says_the_same(each, given)]
        if len(encoded) <= self.left:
            self.left -= len(encoded)
            self.data = given
        elif not self.texts:
            self._text(encoded.decode())
        else:
            self.notes.append("It also gave data, which was too large.")

    def value(self) -> Any:
        text = "\n".join(self.texts)
        rest = {"data": self.data, "links": self.links, "notes": self.notes}
        told = {key: value for key, value in rest.items() if value not in (None, [])}
        if not told:
            return text or ("A picture." if self.images else None)
        return {"text": text, **told} if text else told

    def _text(self, text: str) -> None:
        encoded = text.encode(errors="replace")
        room = max(0, self.left - _ROOM)
        if len(encoded) > room:
            self.notes.append(
                f"This is only the beginning: it gave {_size(len(encoded))}, more than is taken."
            )
        self.left -= min(len(encoded), room)
        if taken := encoded[:room].decode(errors="ignore"):
            self.texts.append(taken)

    def _picture(self, data: str) -> None:
        if len(self.images) >= _MOST_IMAGES:
            self.notes.append(f"It gave more pictures; {_MOST_IMAGES} were taken.")
            return
        if len(data) * 3 // 4 > self.left:
            self.notes.append(f"It gave a picture of {_size(len(data) * 3 // 4)}: too large.")
            return
        try:
            found = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            self.notes.append("It gave a picture that is broken.")
            return
        # What it says of itself counts, not what the server says of it.
        kind = media_type(found)
        if kind is None:
            self.notes.append("It gave a picture of a kind that cannot be shown.")
            return
        self.left -= len(found)
        self.images.append(Image(media_type=kind, data=found))

    def _link(self, uri: str, name: str, description: str) -> None:
        link = {"uri": uri[:_LONGEST_LINK], "name": name[:200], "description": description[:500]}
        link = {key: value for key, value in link.items() if value}
        size = len(msgspec.json.encode(link))
        if size > self.left - _ROOM:
            self.notes.append("It gave more links than are taken.")
            return
        self.left -= size
        self.links.append(link)

    def _embedded(self, resource: Any) -> None:
        blob = getattr(resource, "blob", None)
        if blob is None:
            self._text(resource.text)
        elif (resource.mime_type or "").startswith("image/"):
            self._picture(blob)
        else:
            kind = (resource.mime_type or "unknown kind")[:80]
            size = _size(len(blob) * 3 // 4)
            self.notes.append(f"It gave a file ({kind}, {size}), which is not taken.")


def _says_the_same(text: str, given: Any) -> bool:
    wrapped: Sequence[Any] = [given]
    if isinstance(given, dict) and given.keys() == {"result"}:
        wrapped = [given, given["result"]]
        if text == str(given["result"]):
            return True
    try:
        return msgspec.json.decode(text) in wrapped
    except (msgspec.DecodeError, RecursionError):
        return False


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.0f} kB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"
