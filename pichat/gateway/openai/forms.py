"""Forms with files in them, read no further than they may be long."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from pichat.errors import BadRequestError, TooLargeError
from pichat.gateway.large import ROOM
from pichat.gateway.routes import PATIENCE_S

_MOST_PARTS = 32
_LONGEST_TEXT = 16 * 1024


@dataclass(slots=True)
class Form:
    """By their names: the texts, and the contents of the files."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.texts.get(name, "").strip()


async def read_form(request: web.Request, max_bytes: int) -> Form:
    """Raises BadRequestError for what is no form (multipart/form-data), TooLargeError."""
    if request.content_type != "multipart/form-data":
        raise BadRequestError("The body has to be a form: multipart/form-data.")
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    form = Form()
    try:
        async with request.app[ROOM].of(request, max_bytes):
            await _read(request, form, max_bytes)
    except (HttpProcessingError, ValueError, RuntimeError, AssertionError, LookupError) as error:
        # What aiohttp raises for forms that are none; its sentences name its own insides.
        raise BadRequestError("The form cannot be read.") from error
    return form


async def _read(request: web.Request, form: Form, max_bytes: int) -> None:
    left = max_bytes
    parts = 0
    async for part in await request.multipart():
        parts += 1
        if not isinstance(part, BodyPartReader) or not part.name or parts > _MOST_PARTS:
            raise BadRequestError("The form has parts that cannot be read.")
        content = bytearray()
        while piece := await _piece(request, part):
            content += piece
            if len(content) > left:
                raise _too_large(max_bytes)
            if part.filename is None and len(content) > _LONGEST_TEXT:
                raise TooLargeError(f"“{part.name[:64]}” may have at most {_LONGEST_TEXT} bytes.")
        left -= len(content)
        if part.filename is not None:
            form.files[part.name] = bytes(content)
        else:
            form.texts[part.name] = content.decode()


async def _piece(request: web.Request, part: BodyPartReader) -> bytes:
    try:
        async with asyncio.timeout(request.app[PATIENCE_S]):
            return await part.read_chunk()
    except TimeoutError:
        raise BadRequestError("The rest of the form did not come.") from None


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(f"The form may have at most {max_bytes // 1024 // 1024} MiB.")
