"""What the voice loop asks of a microphone and a speaker, whatever they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from pichat.audio.resample import Converter


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of captured int16 sound. `at_s` (time.monotonic()) is when its end arrived;
    `convert` makes it 16 kHz mono, on the thread that consumes it."""

    pcm: bytes
    at_s: float
    convert: Converter | None = None


class SoundSource(Protocol):
    """A microphone. `serve` runs until the device is lost (UnavailableError) or for ever."""

    async def serve(self, deliver: Callable[[Frame], None]) -> None:
        """Call `deliver` with each frame, on a thread of the sound library: it must not block."""
        ...


class Playback(Protocol):
    """One stretch of sound on its way to the speaker. Pieces are heard in the order written."""

    async def write(self, chunks: AsyncIterator[bytes], sample_rate_hz: int) -> bool:
        """Queue mono int16. Waits while enough is queued; False as soon as it was stopped.
        Raises UnavailableError when the speaker is lost."""
        ...

    async def finish(self) -> bool:
        """Return once everything has been heard (True) or was stopped (False).
        Raises UnavailableError when the speaker is lost."""
        ...

    @property
    def written_s(self) -> float:
        """How many seconds of sound were queued so far."""
        ...

    @property
    def heard_s(self) -> float:
        """How many of them have come out of the speaker, which is later than they were given to
        it; final once it was stopped."""
        ...


class SoundSink(Protocol):
    """A speaker. `serve` runs until the device is lost (UnavailableError) or for ever."""

    async def serve(self) -> None: ...

    def begin(
        self, on_first: Callable[[float], None] | None = None, volume: float = 1.0
    ) -> Playback:
        """Start a playback, `volume` (0 to 1) times as loud as it is written. `on_first` is called
        on the event loop with the time.monotonic() at which the first sample went to the device.
        Raises UnavailableError without a speaker."""
        ...

    def stop(self) -> None:
        """Silence at once: drop what is queued and end every playback."""
        ...

    def pause(self) -> None:
        """Silence at once, but keep what is queued. Harmless when nothing plays."""
        ...

    def resume(self) -> None:
        """Go on where `pause` came; `stop` ends a pause as well."""
        ...


class EchoCanceller(Protocol):
    """Takes PiChat's own sound out of what the microphone heard.

    `unspoilt` is what `clean` made last of it without touching whoever speaks at the same time:
    more of the echo is left in it."""

    unspoilt: bytes

    def played(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        """All that goes to the speaker now, silence as well, int16. From any thread; never
        blocks."""
        ...

    def clean(self, pcm: bytes) -> bytes:
        """16 kHz mono int16 of whole 10 ms pieces, cleaned of echo and noise: as long, and at most
        20 ms later. On the listening thread only, with all that the microphone gives."""
        ...
