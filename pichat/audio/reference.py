"""What the speaker plays, in step with what the microphone hears."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median_low

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.audio.resample import Converter

PIECES_PER_S = 100
_LONGEST_QUEUE = 200  # device blocks of 20 ms: more than the microphone's own queue may hold
_WINDOW_S = 2.0  # longer than the listening thread may hang and still catch up
_LOOK_S = 0.1  # for a pause
# Pieces that are left when one was taken: enough for a block that comes late, and so few that a
# piece is always taken before its echo comes back.
_FEWEST, _TARGET, _MOST = 1, 2, 3
_TOO_MANY = 10
_LONGEST_WINDOW = 1_000  # pieces: sound may be fed faster than it was heard
_PAUSE_PIECES = 50  # longer than the pauses of a sentence


@dataclass(frozen=True, slots=True)
class Played:
    """10 ms of int16 sound."""

    pcm: bytes
    sample_rate_hz: int
    channels: int

    @property
    def piece_bytes(self) -> int:
        """How many bytes 10 ms of this format are."""
        return self.sample_rate_hz // PIECES_PER_S * self.channels * SAMPLE_BYTES

    @property
    def silent(self) -> bool:
        return self.pcm.count(0) == len(self.pcm)


class Reference:
    """The speaker's sound in pieces of 10 ms, one for each of the microphone's.

    Both devices count samples, so one piece for one keeps the delay between them exact, whatever
    the threads do; a piece that comes late is replaced by silence and dropped when it comes.
    Each two seconds it is looked whether the two are still in step (clocks drift, devices are
    opened again); a shift waits for a pause, because the canceller has to learn the room again
    then. A queue of 4 s drops its oldest.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._blocks: deque[tuple[bytes, int, int]] = deque(maxlen=_LONGEST_QUEUE)
        self._format = (0, 0)
        self._converter: Converter | None = None
        self._empty = Played(b"", SAMPLE_RATE_HZ, 1)
        self._ready = bytearray()
        self._owed = 0  # pieces that silence was given for
        # After each piece, since the window began:
        self._left: deque[int] = deque(maxlen=_LONGEST_WINDOW)
        self._silent_pieces = _PAUSE_PIECES
        self._window_ends_s = 0.0
        self.shifts = 0  # how often it got in step again

    def put(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        """Sound that goes to the speaker. From any thread; never blocks."""
        self._blocks.append((pcm, sample_rate_hz, channels))

    def next(self) -> Played:
        """What to hand to the canceller before the next 10 ms of the microphone."""
        while self._blocks:
            self._take(*self._blocks.popleft())
        size = self._empty.piece_bytes
        if self._owed:
            late = min(self._owed, len(self._ready) // size)
            del self._ready[: late * size]
            self._owed -= late
        self._get_in_step(size)
        piece = bytes(self._ready[:size]) if len(self._ready) >= size else b""
        del self._ready[: len(piece)]
        if not piece:
            piece = bytes(size)
            self._owed += bool(self._format[0])
        self._left.append(len(self._ready) // size - self._owed)
        played = Played(piece, self._empty.sample_rate_hz, self._empty.channels)
        self._silent_pieces = self._silent_pieces + 1 if played.silent else 0
        return played

    def _get_in_step(self, size: int) -> None:
        now_s = self._clock()
        if now_s < self._window_ends_s:
            return
        off = _off(self._left)
        if off:
            if self._silent_pieces < _PAUSE_PIECES and abs(off) < _TOO_MANY:
                self._window_ends_s = now_s + _LOOK_S
                return
            del self._ready[: max(0, off) * size]
            self._ready[:0] = bytes(max(0, -off) * size)
            self._owed = 0
            self.shifts += 1
        self._window_ends_s = now_s + _WINDOW_S
        self._left.clear()

    def _take(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        if (sample_rate_hz, channels) != self._format:
            self._begin(sample_rate_hz, channels)
        self._ready += pcm if self._converter is None else self._converter(pcm)

    def _begin(self, sample_rate_hz: int, channels: int) -> None:
        self._format = sample_rate_hz, channels
        self._converter = None
        if sample_rate_hz % PIECES_PER_S:
            # Not a whole number of samples in a piece. soxr works in steps and is up to 40 ms
            # late, so it is no good where the sound comes back sooner.
            self._converter = Converter(sample_rate_hz, channels)
            sample_rate_hz, channels = SAMPLE_RATE_HZ, 1
        self._empty = Played(b"", sample_rate_hz, channels)
        self._ready = bytearray(_TARGET * self._empty.piece_bytes)
        self._owed = 0
        self.shifts += 1


def _off(left: Sequence[int]) -> int:
    """How many pieces too many are left, or too few (negative). When the listening thread hangs
    there are many for a while, when a block comes late few: neither is a reason to shift."""
    if not left:
        return 0
    least, middle = min(left), median_low(left)
    if least > _MOST:
        return least - _TARGET
    return middle - _TARGET if middle < _FEWEST else 0
