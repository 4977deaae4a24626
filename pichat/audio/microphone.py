"""The microphone: 20 ms frames for as long as the device gives any."""

from __future__ import annotations

import asyncio
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
_ONLY_ZEROS = "The microphone gives only silence: it is muted, or something else has it."


class Microphone:
    """Implements SoundSource. `device` is `default` or a part of a device's name.

    ALSA usually reports nothing when a device is pulled out (portaudio #750, #953), so the
    arrival of frames is what counts: none for `silent_s` and `serve` raises. The first one may
    take `first_s`: sound servers wake a sleeping source slowly.

    No microphone that works is silent to the last bit: `zeros_s` of exact zeros make it degraded,
    but it stays open, and the first sample that is not zero makes it ok. `zeros_are_deaf` is
    False for one that does give zeros when it is quiet.
    """

    def __init__(
        self,
        device: str,
        portaudio: PortAudio,
        health: Health,
        *,
        zeros_are_deaf: bool = True,
        silent_s: float = 1.5,
        first_s: float = 5.0,
        zeros_s: float = 1.7,
    ) -> None:
        self._device = device
        self._portaudio = portaudio
        self._health = health
        self._zeros_are_deaf = zeros_are_deaf
        self._silent_s = silent_s
        self._first_s = first_s
        self._zeros_s = zeros_s
        self._frame_at_s = 0.0
        self._sound_at_s = 0.0
        self._frames = 0
        self._deaf = False
        self.opened: str | None = None  # the name of the device

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
        loop = asyncio.get_running_loop()

        def captured(buffer: Any, _frames: int, _time: Any, _status: Any) -> None:
            pcm = bytes(buffer)
            self._frame_at_s = time.monotonic()
            self._frames += 1
            if not self._zeros_are_deaf or pcm.count(0) < len(pcm):  # less than 1 µs
                self._sound_at_s = self._frame_at_s
                if self._deaf:
                    self._deaf = False
                    loop.call_soon_threadsafe(self._health.set, "microphone", "ok")
            deliver(Frame(pcm, self._frame_at_s, converters[0]))

        self._frames, self._deaf = 0, False
        self._frame_at_s = self._sound_at_s = time.monotonic()
        wanted = (SAMPLE_RATE_HZ,)
        stream = await self._portaudio.open(
            "microphone", self._device, wanted, _LATENCY_S, captured
        )
        if (stream.sample_rate_hz, stream.channels) != (SAMPLE_RATE_HZ, 1):
            converters[0] = Converter(stream.sample_rate_hz, stream.channels)
        self.opened = stream.device
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
            now_s = time.monotonic()
            if now_s - self._frame_at_s > (self._silent_s if self._frames else self._first_s):
                raise UnavailableError("No sound arrives from the microphone.")
            if not self._frames or self._deaf:
                continue
            self._deaf = self._frame_at_s - self._sound_at_s > self._zeros_s
            if self._deaf:
                self._health.set("microphone", "degraded", _ONLY_ZEROS)
            else:
                self._health.set("microphone", "ok")
