"""A file in the body of a request: of a form, or the body itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from pichat.errors import BadRequestError

T = TypeVar("T")

PATIENCE_S = 30.0
"""For a sender that sends nothing."""
_PIECE_BYTES = 64 * 1024
_MOST_FIELDS = 16
_NO_FILE = "The form has no file in it: send one as a part with a file name."


class Incoming:
    """The one file of a request. `name`: as its sender calls it, "" when it does not, and for a
    form only once its pieces have begun. Raises BadRequestError for a body that is no file, holds
    several, or stops coming."""

    def __init__(self, request: web.Request, name: str) -> None:
        self._request = request
        self.name = name

    async def pieces(self) -> AsyncIterator[bytes]:
        if self._request.content_type == "multipart/form-data":
            async for piece in self._of_form():
                yield piece
            return
        content = self._request.content
        while piece := await _in_time(content.read(_PIECE_BYTES)):
            yield piece

    async def _of_form(self) -> AsyncIterator[bytes]:
        try:
            reader = await self._request.multipart()
            part = await self._next_file(reader)
            if part is None:
                raise BadRequestError(_NO_FILE)
            self.name = self.name or part.filename or ""
            while piece := await _in_time(part.read_chunk(_PIECE_BYTES)):
                yield bytes(piece)
            if await self._next_file(reader) is not None:
                raise BadRequestError("Send one file at a time.")
        # What aiohttp raises for a form that is none, or ends before its end.
        except (ValueError, RuntimeError, AssertionError, BadHttpMessage) as error:
            raise BadRequestError("The form in the body cannot be read.") from error

    async def _next_file(self, reader: MultipartReader) -> BodyPartReader | None:
        for _ in range(_MOST_FIELDS):
            part = await _in_time(reader.next())
            if part is None:
                return None
            if not isinstance(part, BodyPartReader):
                raise BadRequestError("A form within a form is not taken.")
            coding = part.headers.get("Content-Transfer-Encoding", "binary").lower()
            if coding not in ("binary", "8bit", "7bit"):
                raise BadRequestError(f"A file in {coding[:32]} is not taken: send its bytes.")
            if part.filename is not None:
                return part
            if len(await _in_time(part.read_chunk(_PIECE_BYTES))) == _PIECE_BYTES:
                raise BadRequestError("A field of the form is too long.")
        raise BadRequestError("The form has too many fields.")


async def _in_time(coming: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await coming
    except TimeoutError:
        raise BadRequestError("The file stopped coming.") from None
