"""A screen as a speaker: what PiChat says goes to it over its connection, at the pace of speech."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pichat.audio.pcm import SAMPLE_BYTES

Control = Literal["stop", "pause", "resume"]
"""What a screen does with the sound that it has and has not played yet: drop it, hold it, go on."""

_AHEAD_S = 0.5  # how much a screen gets before its time
_WAITING = 64
_NEARLY_S = 0.001  # what is left of a sound that is over but for rounding


@dataclass(frozen=True, slots=True)
class Piece:
    """Mono int16 sound."""

    pcm: bytes
    sample_rate_hz: int


@dataclass(eq=False, slots=True)
class Batch:
    """The playbacks that one `stop` ends, and when that was, on the speaker's clock."""

    ended_s: float | None = None


class ScreenSpeaker:
    """Implements SoundSink. `pieces` is what the screen should be sent."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[Batch | None, Piece | Control]] = asyncio.Queue(_WAITING)
        self.changed = asyncio.Condition()
        self.batch = Batch()
        self.paused_at_s: float | None = None
        self._paused_s = 0.0  # in all
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """See SoundSink: the screen is there as long as its connection is."""
        await asyncio.Event().wait()

    def begin(
        self, on_first: Callable[[float], None] | None = None, volume: float = 1.0
    ) -> "ScreenPlayback":
        """See SoundSink."""
        return ScreenPlayback(self, on_first, volume)

    def stop(self) -> None:
        """See SoundSink."""
        self.batch.ended_s = self.clock_s()
        self.batch = Batch()
        self._end_pause()
        with suppress(asyncio.QueueEmpty):
            while True:
                self._queue.get_nowait()
        self._tell("stop")

    def pause(self) -> None:
        """See SoundSink."""
        if self.paused_at_s is None:
            self.paused_at_s = now_s()
            self._tell("pause")

    def resume(self) -> None:
        """See SoundSink."""
        if self.paused_at_s is not None:
            self._end_pause()
            self._tell("resume")

    async def pieces(self) -> AsyncIterator[Piece | Control]:
        """Sound and controls, in order, for ever."""
        while True:
            batch, item = await self._queue.get()
            # A piece that waited for room while everything was stopped comes after that.
            if batch is None or batch.ended_s is None:
                yield item

    async def put(self, batch: Batch, piece: Piece) -> None:
        """Wait for room in the queue."""
        await self._queue.put((batch, piece))

    def clock_s(self) -> float:
        """The time, without the pauses."""
        until_s = now_s() if self.paused_at_s is None else self.paused_at_s
        return until_s - self._paused_s

    def _end_pause(self) -> None:
        if self.paused_at_s is not None:
            self._paused_s += now_s() - self.paused_at_s
            self.paused_at_s = None

    def _tell(self, control: Control) -> None:
        # A queue that is full of sound drops a piece: to be silent is more urgent than to be whole.
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((None, control))
        task = asyncio.create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()


class ScreenPlayback:
    """Implements Playback. What the screen was sent is taken to be heard in its own time."""

    def __init__(
        self, speaker: ScreenSpeaker, on_first: Callable[[float], None] | None, volume: float
    ) -> None:
        self._speaker = speaker
        self._on_first = on_first
        self._volume = volume
        self._batch = speaker.batch
        self._since_s = speaker.clock_s()  # when what had been heard by then was `_heard_s`
        self._heard_s = 0.0
        self._written_s = 0.0

    @property
    def written_s(self) -> float:
        """See Playback."""
        return self._written_s

    @property
    def heard_s(self) -> float:
        """See Playback."""
        until_s = self._batch.ended_s
        if until_s is None:
            until_s = self._speaker.clock_s()
        return min(self._written_s, self._heard_s + until_s - self._since_s)

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """See Playback."""
        async for pcm in whole_samples(chunks, self._volume):
            if not await self._until(_AHEAD_S):
                return False
            await self._put(pcm, sample_rate_hz)
        return not self._stopped

    async def finish(self) -> bool:
        """See Playback."""
        return await self._until(0.0)

    @property
    def _stopped(self) -> bool:
        return self._batch.ended_s is not None

    async def _put(self, pcm: bytes, sample_rate_hz: int) -> None:
        await self._speaker.put(self._batch, Piece(pcm, sample_rate_hz))
        if self._stopped:
            return
        # Silence between two pieces, or before there was room, is no sound of this playback.
        self._heard_s, self._since_s = self.heard_s, self._speaker.clock_s()
        self._written_s += len(pcm) / SAMPLE_BYTES / sample_rate_hz
        if self._on_first is not None:
            self._on_first(now_s())
            self._on_first = None

    async def _until(self, ahead_s: float) -> bool:
        """Wait until no more than `ahead_s` of the sound is still to be heard; False: stopped."""
        while not self._stopped:
            left_s = self._written_s - self.heard_s - ahead_s
            if left_s < _NEARLY_S:
                return True
            paused = self._speaker.paused_at_s is not None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if paused else left_s), self._speaker.changed:
                    await self._speaker.changed.wait()
        return False


async def whole_samples(chunks: AsyncIterator[bytes], volume: float = 1.0) -> AsyncIterator[bytes]:
    """Pieces of int16 sound of any length as whole samples, `volume` (0 to 1) times as loud."""
    odd = b""
    async for chunk in chunks:
        whole = odd + chunk
        cut = len(whole) - len(whole) % SAMPLE_BYTES
        odd = whole[cut:]
        if cut and volume == 1.0:
            yield whole[:cut]
        elif cut:
            import numpy as np  # not at the start: few daemons need it here

            yield (np.frombuffer(whole[:cut], np.int16) * volume).astype(np.int16).tobytes()


def now_s() -> float:
    return asyncio.get_running_loop().time()
