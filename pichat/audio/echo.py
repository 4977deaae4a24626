"""Echo cancellation by WebRTC's audio processing, which the `livekit` wheel carries."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import structlog

from pichat.audio.echo_presence import EchoPresence
from pichat.audio.linear_echo import LinearEcho
from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.audio.reference import PIECES_PER_S, Played, Reference
from pichat.errors import UnavailableError

if TYPE_CHECKING:
    from livekit.rtc import AudioFrame

log = structlog.get_logger(__name__)
_FRAME_SAMPLES = SAMPLE_RATE_HZ // PIECES_PER_S
_FRAME_BYTES = _FRAME_SAMPLES * SAMPLE_BYTES
_TAIL_S = 1.0  # both devices' delays and the room's echo
_UP = np.linspace(0, 1, _FRAME_SAMPLES, dtype=np.float32)


class WebRtcEchoCanceller:
    """Implements EchoCanceller: echo cancellation and a high-pass filter; no noise suppression,
    which costs commands in other speech (54 of 60 became 42) and gains few in noise.

    It works from the first sample that PiChat plays until a second after the last; the rest of
    the day the sound passes as it is, which costs next to nothing. What it learnt of the room is
    kept in between. While it works the sound is 14 ms late. The delay between playing and hearing
    is found by the module itself; what its users may tell it of that makes no difference.

    Build it on the listening thread: loading the library takes 0.4 s and 38 MB. Raises
    UnavailableError when the library is not there.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            from livekit.rtc import AudioFrame, AudioProcessingModule
        except (ImportError, OSError) as error:
            raise UnavailableError("Echo cancellation needs the library livekit.") from error
        self._frame = AudioFrame
        self._new_module = partial(
            AudioProcessingModule,
            echo_cancellation=True,
            high_pass_filter=True,
        )
        self._module = self._new_module()
        self._reference = Reference(clock)
        self._shifts = 0
        self._presence = EchoPresence()
        self._left_s = 0.0  # to work on without any sound played
        self._working = False
        self._heard = self._passed = 0.0  # energies since it began to work
        self._linear = LinearEcho()
        self.attenuation_db = 0.0
        self.unspoilt = b""

    def played(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        """See EchoCanceller. It wants the silence between the sounds as well: two streams that
        count samples stay in step."""
        self._reference.put(pcm, sample_rate_hz, channels)

    def clean(self, pcm: bytes) -> bytes:
        """See EchoCanceller. To be called with all that the microphone gives, in order."""
        pieces = [
            self._clean(pcm[start : start + _FRAME_BYTES])
            for start in range(0, len(pcm), _FRAME_BYTES)
        ]
        self.unspoilt = b"".join(unspoilt for _, unspoilt in pieces)
        return b"".join(cleaned for cleaned, _ in pieces)

    def _clean(self, heard: bytes) -> tuple[bytes, bytes]:
        played = self._reference.next()
        if self._shifts != self._reference.shifts:
            # What it learnt is in the wrong place now; a new one is right within a syllable.
            self._shifts = self._reference.shifts
            self._module = self._new_module()
            self._linear = LinearEcho()
            self._presence = EchoPresence()
        if not played.silent:
            self._left_s = _TAIL_S
        elif self._left_s > 0:
            self._left_s -= 1 / PIECES_PER_S
        elif not self._working:
            return heard, heard
        passed, unspoilt = self._process(heard, played), self._linear.clean(heard, played)
        echo = self._presence.note(_mean_square(played.pcm), _mean_square(heard))
        cancelled = echo and self._left_s > 0
        return self._choose(heard, passed, cancelled=cancelled), unspoilt if echo else heard

    def _choose(self, heard: bytes, passed: bytes, *, cancelled: bool) -> bytes:
        """What was heard, or what is left of it without the echo."""
        before, self._working = self._working, cancelled
        if cancelled and before:
            self._measure(heard, passed)
            return passed
        if cancelled:
            return _crossfade(heard, passed)
        if before:
            self._tell()
            return _crossfade(passed, heard)
        return heard

    def _process(self, heard: bytes, played: Played) -> bytes:
        self._module.process_reverse_stream(self._audio(played))
        self._module.set_stream_delay_ms(0)
        audio = self._audio(Played(heard, SAMPLE_RATE_HZ, 1))
        self._module.process_stream(audio)
        return bytes(audio.data)

    def _audio(self, piece: Played) -> AudioFrame:
        rate_hz = piece.sample_rate_hz
        frame = rate_hz // PIECES_PER_S
        return self._frame(bytearray(piece.pcm), rate_hz, piece.channels, frame)

    def _measure(self, heard: bytes, passed: bytes) -> None:
        self._heard += _energy(heard)
        self._passed += _energy(passed)

    def _tell(self) -> None:
        """What is taken off is all echo unless somebody spoke meanwhile."""
        if self._heard:
            self.attenuation_db = 10 * math.log10(self._heard / max(self._passed, 1.0))
            log.info("echo cancelled", attenuation_db=round(self.attenuation_db, 1))
        self._heard = self._passed = 0.0


def _mean_square(pcm: bytes) -> float:
    return _energy(pcm) / max(1, len(pcm) // SAMPLE_BYTES)


def _energy(pcm: bytes) -> float:
    sound = np.frombuffer(pcm, np.int16).astype(np.float32)
    return float(sound @ sound)


def _crossfade(before: bytes, after: bytes) -> bytes:
    """The change between the two must not be heard as a click."""
    falling, rising = (np.frombuffer(pcm, np.int16) for pcm in (before, after))
    return (falling * (1 - _UP) + rising * _UP).astype(np.int16).tobytes()
