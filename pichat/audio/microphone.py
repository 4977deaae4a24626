"""The microphone: 20 ms frames for as long as the device gives any."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import structlog

from pichat.audio.base import Frame
from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.portaudio import OpenStream, PortAudio
from pichat.audio.resample import Converter
from pichat.errors import UnavailableError
from pichat.health import Health

log = structlog.get_logger(__name__)
_LATENCY_S = 0.04
_LOOK_S = 0.25


class Microphone:
    """Implements SoundSource. `device` is `default` or a part of a device's name.

    ALSA usually reports nothing when a device is pulled out (portaudio #750, #953), so the
    arrival of frames is what counts: none for `silent_s` and `serve` raises. The first one may
    take `first_s`: sound servers wake a sleeping source slowly.
    """

    def __init__(
        self,
        device: str,
        portaudio: PortAudio,
        health: Health,
        *,
        silent_s: float = 1.5,
        first_s: float = 5.0,
    ) -> None:
        self._device = device
        self._portaudio = portaudio
        self._health = health
        self._silent_s = silent_s
        self._first_s = first_s
        self._frame_at_s = 0.0
        self._frames = 0

    async def serve(self, deliver: Callable[[Frame], None]) -> None:
        """See SoundSource. Sets the part `microphone` to ok at the first frame."""
        while True:
            stream = await self._open(deliver)
            try:
                await self._watch(stream)
            finally:
                await self._portaudio.close_stream(stream)
            log.info("microphone reopens", device=stream.device)

    async def _open(self, deliver: Callable[[Frame], None]) -> OpenStream:
        converters: list[Converter | None] = [None]

        def captured(buffer: Any, _frames: int, _time: Any, _status: Any) -> None:
            self._frame_at_s = time.monotonic()
            self._frames += 1
            deliver(Frame(bytes(buffer), self._frame_at_s, converters[0]))

        self._frames = 0
        self._frame_at_s = time.monotonic()
        wanted = (SAMPLE_RATE_HZ,)
        stream = await self._portaudio.open(
            "microphone", self._device, wanted, _LATENCY_S, captured
        )
        if (stream.sample_rate_hz, stream.channels) != (SAMPLE_RATE_HZ, 1):
            converters[0] = Converter(stream.sample_rate_hz, stream.channels)
        log.info(
            "microphone open",
            device=stream.device,
            sample_rate_hz=stream.sample_rate_hz,
            channels=stream.channels,
        )
        return stream

    async def _watch(self, stream: OpenStream) -> None:
        """Return when the stream was replaced. Raises UnavailableError when it was lost."""
        while not await stream.was_replaced(_LOOK_S):
            quiet_s = time.monotonic() - self._frame_at_s
            if quiet_s > (self._silent_s if self._frames else self._first_s):
                raise UnavailableError("No sound arrives from the microphone.")
            if self._frames:
                self._health.set("microphone", "ok")
