"""Sound on its way from a client to the voice loop."""

import asyncio
from collections.abc import AsyncIterator

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import BadRequestError, BusyError

MAX_FRAME_BYTES = 64 * 1024
_WAITING_FRAMES = 32
_PATIENCE_S = 10.0


class IncomingSound:
    """A bounded queue of int16 mono frames at 16 kHz. When it is full, whoever puts waits: the
    client is read no faster than the voice loop listens."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue(_WAITING_FRAMES)
        self._ended = False
        self._listened = asyncio.Event()
        self._bytes = 0

    @property
    def seconds(self) -> float:
        """The length of what has come in."""
        return self._bytes / (SAMPLE_RATE_HZ * SAMPLE_BYTES)

    async def put(self, frame: bytes) -> None:
        """Raises BadRequestError for a frame that is no sound, BusyError when nobody listens."""
        if self._ended:
            raise BadRequestError("This listening has been stopped; start another.")
        if len(frame) > MAX_FRAME_BYTES:
            raise BadRequestError(f"A frame of sound has at most {MAX_FRAME_BYTES} bytes.")
        if len(frame) % SAMPLE_BYTES:
            raise BadRequestError("Sound is int16: a frame has an even number of bytes.")
        if frame:
            await self._put(frame)
            self._bytes += len(frame)

    async def end(self) -> None:
        """No more frames will come."""
        if not self._ended:
            self._ended = True
            await self._put(None)

    def close(self) -> None:
        """The voice loop has listened, or has given up."""
        self._ended = True
        self._listened.set()

    async def listened(self) -> None:
        """Wait until the voice loop has listened to all of it."""
        await self._listened.wait()

    async def frames(self) -> AsyncIterator[bytes]:
        """The frames in order, until the client ends them."""
        while (frame := await self._frames.get()) is not None:
            yield frame

    async def _put(self, frame: bytes | None) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._frames.put(frame)
        except TimeoutError:
            raise BusyError("The voice loop does not keep up with the sound.") from None
