"""Sound that comes from elsewhere than the microphone: a recording, or a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pichat.audio.base import Frame
from pichat.audio.pcm import BLOCK_S, SILENT_BLOCK
from pichat.turn.ears import Ears
from pichat.turn.status import Status

_TRAILING_SILENCE_S = 1.0  # detection of a wake word that ends a recording lags behind its end


class Pace:
    """Lets sound through no faster than it was spoken."""

    def __init__(self) -> None:
        self._due_s = _now_s()

    async def wait(self, pcm_bytes: int) -> None:
        """Return when sound of that length, following the sound before, would have been heard."""
        self._due_s += pcm_bytes / len(SILENT_BLOCK) * BLOCK_S
        delay_s = self._due_s - _now_s()
        if delay_s > 0:
            await asyncio.sleep(delay_s)


async def hear(frames: AsyncIterator[bytes], ears: Ears, status: Status, pace: Pace | None) -> None:
    """Have `ears` hear 16 kHz mono int16 sound, followed by silence until the turn that it began
    is over. Without a `pace` the sound comes live already, and its end is the end of the speech.
    Raises UnavailableError when listening ends before."""
    async for pcm in frames:
        await _hear(ears, pcm, pace)
    for _ in range(round(_TRAILING_SILENCE_S / BLOCK_S)):
        await _hear(ears, SILENT_BLOCK, pace)
    pace = pace or Pace()
    while not status.idle:
        await _hear(ears, SILENT_BLOCK, pace)


async def _hear(ears: Ears, pcm: bytes, pace: Pace | None) -> None:
    if pace is not None:
        await pace.wait(len(pcm))
    await ears.put_and_wait(Frame(pcm, _now_s()))


def _now_s() -> float:
    return asyncio.get_running_loop().time()
