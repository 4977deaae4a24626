"""A screen as a speaker: what PiChat says goes to it over its connection, at the pace of speech."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pichat.audio.pcm import SAMPLE_BYTES

Control = Literal["stop", "pause", "resume"]
"""What a screen does with the sound that it has and has not played yet: drop it, hold it, go on."""

_AHEAD_S = 0.5  # how much a screen gets before its time
_WAITING = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """Mono int16 sound."""

    pcm: bytes
    sample_rate_hz: int


class ScreenSpeaker:
    """Implements SoundSink. `pieces` is what the screen should be sent."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Piece | Control] = asyncio.Queue(_WAITING)
        self.changed = asyncio.Condition()
        self.generation = 0  # of playbacks: `stop` ends those of the generation before
        self.paused_at_s: float | None = None
        self.paused_s = 0.0  # in all
        self.stopped_s = 0.0  # on the clock, the last time
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
        self.generation += 1
        self.stopped_s = self.clock_s()
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
            yield await self._queue.get()

    async def put(self, piece: Piece) -> None:
        """Wait for room in the queue."""
        await self._queue.put(piece)

    def clock_s(self) -> float:
        """The time, without the pauses."""
        until_s = now_s() if self.paused_at_s is None else self.paused_at_s
        return until_s - self.paused_s

    def _end_pause(self) -> None:
        if self.paused_at_s is not None:
            self.paused_s += now_s() - self.paused_at_s
            self.paused_at_s = None

    def _tell(self, control: Control) -> None:
        # A queue that is full of sound drops a piece: to be silent is more urgent than to be whole.
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(control)
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
        self._generation = speaker.generation
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
        until_s = self._speaker.stopped_s if self._stopped else self._speaker.clock_s()
        return min(self._written_s, self._heard_s + until_s - self._since_s)

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """See Playback."""
        odd = b""
        async for chunk in chunks:
            whole = odd + chunk
            cut = len(whole) - len(whole) % SAMPLE_BYTES
            odd = whole[cut:]
            if not await self._until(_AHEAD_S):
                return False
            if cut:
                await self._put(whole[:cut], sample_rate_hz)
        return True

    async def finish(self) -> bool:
        """See Playback."""
        return await self._until(0.0)

    @property
    def _stopped(self) -> bool:
        return self._generation != self._speaker.generation

    async def _put(self, pcm: bytes, sample_rate_hz: int) -> None:
        # Silence between two pieces is no sound of this playback.
        self._heard_s, self._since_s = self.heard_s, self._speaker.clock_s()
        if self._volume != 1.0:
            quieter = np.frombuffer(pcm, np.int16) * self._volume
            pcm = quieter.astype(np.int16).tobytes()
        await self._speaker.put(Piece(pcm, sample_rate_hz))
        self._written_s += len(pcm) / SAMPLE_BYTES / sample_rate_hz
        if self._on_first is not None:
            self._on_first(now_s())
            self._on_first = None

    async def _until(self, ahead_s: float) -> bool:
        """Wait until no more than `ahead_s` of the sound is still to be heard; False: stopped."""
        while not self._stopped:
            left_s = self._written_s - self.heard_s - ahead_s
            if left_s <= 0:
                return True
            paused = self._speaker.paused_at_s is not None
            with suppress(TimeoutError):
                async with asyncio.timeout(None if paused else left_s), self._speaker.changed:
                    await self._speaker.changed.wait()
        return False


def now_s() -> float:
    return asyncio.get_running_loop().time()
