"""Playing a recording to the ears as if somebody spoke it now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from pichat.audio.base import Frame
from pichat.audio.pcm import BLOCK_S, SILENT_BLOCK
from pichat.turn.ears import Ears
from pichat.turn.status import Status

_TRAILING_SILENCE_S = 1.0  # detection of a wake word that ends a recording lags behind its end


async def play(frames: AsyncIterator[bytes], ears: Ears, status: Status) -> None:
    """Have `ears` hear 16 kHz mono int16 sound at the pace of real time, followed by silence until
    the turn that it began is over. Raises UnavailableError when listening ends before."""
    pace = _Pace()
    async for pcm in frames:
        await _hear(ears, pcm, pace)
    for _ in range(round(_TRAILING_SILENCE_S / BLOCK_S)):
        await _hear(ears, SILENT_BLOCK, pace)
    while status.doing != "listening":
        await _hear(ears, SILENT_BLOCK, pace)


async def _hear(ears: Ears, pcm: bytes, pace: _Pace) -> None:
    await pace.wait(len(pcm))
    await ears.put_and_wait(Frame(pcm, time.monotonic()))


class _Pace:
    """Lets sound through no faster than it was spoken."""

    def __init__(self) -> None:
        self._due_s = time.monotonic()

    async def wait(self, pcm_bytes: int) -> None:
        """Return when sound of that length, following the sound before, would have been heard."""
        self._due_s += pcm_bytes / len(SILENT_BLOCK) * BLOCK_S
        delay_s = self._due_s - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)
