"""Files that people send, to be talked about. Their bytes are kept on this machine alone."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from pichat.gateway.calls import Blob, Call
from pichat.gateway.routes import route
from pichat.gateway.uploads.arriving import Incoming
from pichat.gateway.uploads.signatures import PICTURES
from pichat.store.uploads import Upload

_PATH = "/api/uploads"
_EXAMPLE = {"id": "0d5cf7c2a4b14a7f9c7c5e0f1d2b3a49"}


class SentFile(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: what a file is called that is the body itself; a form tells it for each file."""

    name: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class NamedUpload(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ListUploads(msgspec.Struct, frozen=True, kw_only=True):
    pass


class UploadView(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was sent. `media_type` is what its bytes are, whatever the sender said; `url` is
    where they are to be had. The pixels are a picture's."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    width_px: int | None
    height_px: int | None
    created_at: datetime
    url: str


class UploadList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. A file can have `most_bytes`."""

    uploads: tuple[UploadView, ...]
    most_bytes: int


class DeletedUpload(msgspec.Struct, frozen=True, kw_only=True):
    id: str


@route("POST", _PATH, needs="agent", status=201, raw_body=True, example={"name": "lamp.png"})
async def post_upload(call: Call, payload: SentFile) -> UploadView:
    """Keep a file: a form (multipart/form-data) with one file in it, or the file as the body. A
    picture (PNG, JPEG, GIF, WebP), PDF, text in UTF-8, or sound (WAV, Ogg, MP3). Pictures can go
    along with a chat as `attachments`. When there is no room, the longest unused go, after a day at
    the earliest."""
    incoming = Incoming(call.request, payload.name)
    size = call.request.content_length
    return _view(await call.services.uploads.receive(incoming, size, call.caller))


@route("GET", _PATH, needs="agent")
async def get_uploads(call: Call, payload: ListUploads) -> UploadList:  # noqa: ARG001
    """List one's own files."""
    uploads = call.services.uploads
    found = await uploads.all(call.caller)
    return UploadList(uploads=tuple(map(_view, found)), most_bytes=uploads.limits.upload_bytes)


@route("GET", f"{_PATH}/{{id}}", needs="agent", example=_EXAMPLE)
async def get_upload(call: Call, payload: NamedUpload) -> UploadView:
    """Tell about a file."""
    return _view(await call.services.uploads.get(payload.id, call.caller))


@route("GET", f"{_PATH}/{{id}}/content", needs="agent", example=_EXAMPLE)
async def get_content(call: Call, payload: NamedUpload) -> Blob:
    """Give a file's bytes. Pictures can be shown; everything else a browser keeps as a file."""
    upload = await call.services.uploads.get(payload.id, call.caller)
    path = await call.services.uploads.path(upload)
    shown = upload.media_type in PICTURES
    return Blob(body=path, media_type=upload.media_type, name=None if shown else upload.name)


@route("DELETE", f"{_PATH}/{{id}}", needs="agent", example=_EXAMPLE)
async def delete_upload(call: Call, payload: NamedUpload) -> DeletedUpload:
    """Delete a file. A conversation that it went along with keeps its own copy of a picture."""
    await call.services.uploads.delete(payload.id, call.caller)
    return DeletedUpload(id=payload.id)


def _view(upload: Upload) -> UploadView:
    return UploadView(
        id=upload.id,
        name=upload.name,
        media_type=upload.media_type,
        size_bytes=upload.size_bytes,
        width_px=upload.width_px,
        height_px=upload.height_px,
        created_at=datetime.fromtimestamp(upload.created_s, UTC),
        url=f"{_PATH}/{upload.id}/content",
    )
