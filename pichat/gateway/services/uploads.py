"""What the actions need of the files that people sent."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pichat.config.types import Limits
from pichat.events import Image
from pichat.gateway.door.caller import Caller
from pichat.gateway.uploads.arriving import Incoming
from pichat.store.uploads import Upload


class Uploads(Protocol):
    """Each user sees their own. Raise NotFoundError for what is not there or is another's, and
    UnavailableError when the disk does not do it."""

    @property
    def limits(self) -> Limits: ...

    async def all(self, caller: Caller) -> tuple[Upload, ...]:
        """Newest first."""
        ...

    async def get(self, upload_id: str, caller: Caller) -> Upload: ...

    async def path(self, upload: Upload) -> Path:
        """Where its bytes are."""
        ...

    async def images(self, ids: Sequence[str], caller: Caller) -> tuple[Image, ...]:
        """Pictures, to be said something about. Raises UnsupportedError for what is none,
        BadRequestError and TooLargeError for too many."""
        ...

    async def receive(self, incoming: Incoming, size_bytes: int | None, caller: Caller) -> Upload:
        """Keep a file, of a request of so many bytes if that is known. It is on the disk when this
        returns; when this raises or is cancelled, nothing is left of it. Raises TooLargeError,
        UnsupportedError for a kind that is not kept, BadRequestError, and BusyError."""
        ...

    async def delete(self, upload_id: str, caller: Caller) -> None: ...
