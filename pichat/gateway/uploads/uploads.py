"""Files that people sent: each under an id of ours, seen by its own user alone.

When there is no room, the longest unused go, unless they were used within a day: a picture that was
talked about is in its conversation, and needs its upload no more.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO

import structlog

from pichat.config.types import Limits
from pichat.errors import (
    BadRequestError,
    BusyError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
    UnsupportedError,
)
from pichat.events import Image
from pichat.gateway.door.caller import Caller
from pichat.gateway.uploads import files
from pichat.gateway.uploads.arriving import Incoming
from pichat.gateway.uploads.pictures import pixels_of
from pichat.gateway.uploads.signatures import PICTURES, Recognition
from pichat.store.db import Database, uninterrupted
from pichat.store.uploads import Upload, UploadTable

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 8
MOST_FILES = 5000
MOST_IMAGES = 8
MOST_IMAGE_BYTES = 8 * 1024 * 1024
"""Of all pictures that go along with one sentence."""
KEPT_S = 86_400.0
SPARE_BYTES = 200 * 1024 * 1024
"""What is left of the disk for what matters more."""
_NOTED_S = 600.0
_LONGEST_NAME = 200
_WRITTEN_BYTES = 256 * 1024
_MB = 1024 * 1024


class Uploads:
    """See gateway.services.Uploads. `limits` is asked each time."""

    def __init__(self, table: UploadTable, folder: Path, limits: Callable[[], Limits]) -> None:
        self._table = table
        self._folder = folder
        self._limits = limits
        self._coming: dict[str, int] = {}  # the bytes that each may have
        self._making_room = asyncio.Lock()

    @property
    def limits(self) -> Limits:
        return self._limits()

    # --- what is there ---------------------------------------------------------------------

    async def all(self, caller: Caller) -> tuple[Upload, ...]:
        return await self._table.of_user(caller.user_id)

    async def get(self, upload_id: str, caller: Caller) -> Upload:
        found = await self._table.get(upload_id, caller.user_id)
        if found is None:
            raise NotFoundError(f"There is no upload “{upload_id[:64]}”.")
        return found

    async def path(self, upload: Upload) -> Path:
        await self._note_use(upload)
        path = self._folder / upload.id
        if not await asyncio.to_thread(path.is_file):
            raise NotFoundError(f"The file of the upload “{upload.id}” is gone.")
        return path

    async def images(self, ids: Sequence[str], caller: Caller) -> tuple[Image, ...]:
        if len(ids) > MOST_IMAGES:
            raise BadRequestError(f"At most {MOST_IMAGES} pictures can go along with a sentence.")
        uploads = [await self.get(each, caller) for each in dict.fromkeys(ids)]
        for upload in uploads:
            if upload.media_type not in PICTURES:
                raise UnsupportedError(f"“{upload.name}” is no picture; only those can go along.")
        if sum(upload.size_bytes for upload in uploads) > MOST_IMAGE_BYTES:
            raise TooLargeError(
                f"Pictures that go along with a sentence can have {MOST_IMAGE_BYTES // _MB} MB"
                " together. Send smaller ones."
            )
        images = []
        for upload in uploads:
            path = await self.path(upload)
            data = await asyncio.to_thread(path.read_bytes)
            images.append(Image(media_type=upload.media_type, data=data))
        return tuple(images)

    async def delete(self, upload_id: str, caller: Caller) -> None:
        await self._delete((await self.get(upload_id, caller)).id)

    # --- what comes ------------------------------------------------------------------------

    async def receive(self, incoming: Incoming, size_bytes: int | None, caller: Caller) -> Upload:
        most = self.limits.upload_bytes
        if size_bytes is not None and size_bytes > most + _MB:  # a form has words of its own
            raise _too_large(most)
        if len(self._coming) >= MOST_AT_ONCE:
            raise BusyError(f"{MOST_AT_ONCE} files are coming already. Try again in a moment.")
        upload_id = uuid.uuid4().hex
        self._coming[upload_id] = most if size_bytes is None else min(size_bytes, most)
        try:
            await self._make_room(upload_id)
            with _disk_told():
                return await self._receive(upload_id, incoming, most, caller)
        finally:
            del self._coming[upload_id]

    async def _receive(
        self, upload_id: str, incoming: Incoming, most: int, caller: Caller
    ) -> Upload:
        file = await asyncio.to_thread(files.begin, self._folder, upload_id)
        try:
            size, media_type = await _written(file, incoming, most)
            part = files.part_of(self._folder, upload_id)
            width, height = None, None
            if media_type in PICTURES:
                width, height = await asyncio.to_thread(pixels_of, part, media_type)
            now_s = time.time()
            upload = Upload(
                id=upload_id,
                name=_readable(incoming.name) or f"upload.{media_type.partition('/')[2]}",
                media_type=media_type,
                size_bytes=size,
                width_px=width,
                height_px=height,
                user_id=caller.user_id,
                created_s=now_s,
                used_s=now_s,
            )
            # From here on it is whole: whoever sent it may go.
            await uninterrupted(self._adopt(upload))
        finally:
            await uninterrupted(asyncio.to_thread(files.give_up, file, self._folder, upload_id))
        return upload

    async def _adopt(self, upload: Upload) -> None:
        await asyncio.to_thread(files.adopt, self._folder, upload.id)
        try:
            await self._table.add(upload)
        except BaseException:
            await asyncio.to_thread((self._folder / upload.id).unlink, missing_ok=True)
            raise

    # --- room ------------------------------------------------------------------------------

    async def sweep(self) -> None:
        """Remove files that nobody knows, as those that were coming when the daemon was killed, and
        forget those that are gone. Raises UnavailableError."""
        with _disk_told():
            known = {upload.id for upload in await self._table.all()}
            coming = {files.part_of(self._folder, each).name for each in self._coming}
            gone = await asyncio.to_thread(files.sweep, self._folder, known | coming)
            for upload_id in gone & known:
                await self._table.delete(upload_id)

    async def _make_room(self, upload_id: str) -> None:
        """Raises TooLargeError, or UnavailableError when the disk is full."""
        async with self._making_room:
            await self._check_disk(self._coming[upload_id])
            most = self.limits.uploads_bytes
            count, size = await self._table.total()
            size, count = size + sum(self._coming.values()), count + len(self._coming)
            if size <= most and count <= MOST_FILES:
                return
            before_s = time.time() - KEPT_S
            for each in await self._table.all():
                if (size <= most and count <= MOST_FILES) or each.used_s > before_s:
                    break
                log.info("upload goes, to make room", upload_id=each.id, size_bytes=each.size_bytes)
                await self._delete(each.id)
                size, count = size - each.size_bytes, count - 1
            if size > most or count > MOST_FILES:
                raise TooLargeError(
                    f"There is no room for another file: {most // _MB} MB can be kept, and what"
                    " is there was used within a day. Delete some, or raise"
                    " server.limits.uploads_bytes in config.yaml."
                )

    async def _check_disk(self, needed: int) -> None:
        with _disk_told():
            free = await asyncio.to_thread(files.free_bytes, self._folder)
        if free - needed < SPARE_BYTES:
            raise UnavailableError(
                f"The disk is nearly full: {max(free, 0) // _MB} MB are left. Make room first."
            )

    async def _delete(self, upload_id: str) -> None:
        with _disk_told():
            await self._table.delete(upload_id)
            await asyncio.to_thread((self._folder / upload_id).unlink, missing_ok=True)

    async def _note_use(self, upload: Upload) -> None:
        now_s = time.time()
        if now_s - upload.used_s > _NOTED_S:
            await self._table.use(upload.id, now_s)


@asynccontextmanager
async def open_uploads(
    database: Database, folder: Path, limits: Callable[[], Limits]
) -> AsyncIterator[Uploads]:
    """Uploads in `folder`, which is swept first. A disk that does not let it is told to whoever
    sends a file, and holds up nobody else."""
    uploads = Uploads(UploadTable(database), folder, limits)
    try:
        await uploads.sweep()
    except UnavailableError as error:
        log.warning("uploads not swept", reason=error.sentence)
    yield uploads


@contextmanager
def _disk_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.warning("uploads: disk failed", error=str(error))
        raise UnavailableError(
            f"The file cannot be kept: {error.strerror or 'the disk does not take it'}."
        ) from error


async def _written(file: BinaryIO, incoming: Incoming, most: int) -> tuple[int, str]:
    """How much has come, and what it is, once it is on the disk."""
    recognition, size, waiting = Recognition(), 0, bytearray()
    async with aclosing(incoming.pieces()) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            size += len(piece)
            if size > most:
                raise _too_large(most)
            recognition.feed(piece)
            waiting += piece
            if len(waiting) >= _WRITTEN_BYTES:
                await _write(file, waiting)
                waiting = bytearray()
    if not size:
        raise BadRequestError("The file is empty.")
    media_type = recognition.finish()
    await _write(file, waiting)
    await uninterrupted(asyncio.to_thread(files.finish, file))
    return size, media_type


async def _write(file: BinaryIO, data: bytearray) -> None:
    """To its end, whoever is cancelled: a file is not closed while a thread writes to it."""

    async def write() -> None:
        await asyncio.to_thread(file.write, data)

    await uninterrupted(write())


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"A file can have at most {most // _MB} MB.")


def _readable(name: str) -> str:
    """What a sender calls a file, without folders and what cannot be read."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each for each in last if each.isprintable()).strip()[:_LONGEST_NAME]
