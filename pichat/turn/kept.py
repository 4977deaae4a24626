"""The sound of wakes and near misses as files, for tuning; only if the owner asked for it."""

from __future__ import annotations

import asyncio
import re
import wave
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

import structlog

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ

log = structlog.get_logger(__name__)

MOST_FILES = 100
_WAITING = 8
_NOT_IN_NAMES = re.compile(r"[^\w-]+")


def wav_of(pcm: bytes) -> bytes:
    """A WAV file of 16 kHz mono int16."""
    file = BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(SAMPLE_BYTES)
        wav.setframerate(SAMPLE_RATE_HZ)
        wav.writeframes(pcm)
    return file.getvalue()


class _Sound(NamedTuple):
    name: str
    pcm: bytes


class KeptSound:
    """Writes to `folder` while `serve` runs; the oldest files of more than MOST_FILES go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: asyncio.Queue[_Sound] = asyncio.Queue(_WAITING)
        self._failed = False

    def save(self, kind: Literal["wake", "near_miss"], word: str, score: float, pcm: bytes) -> None:
        """Have it written soon, 16 kHz mono int16. Never blocks; when too much waits already, it
        is left out. On the event loop only."""
        time = datetime.now().astimezone().strftime("%Y-%m-%dT%H-%M-%S.%f")[:-3]
        name = f"{time}_{_NOT_IN_NAMES.sub('-', word)[:64]}_{score:.2f}_{kind}.wav"
        try:
            self._waiting.put_nowait(_Sound(name, bytes(pcm)))
        except asyncio.QueueFull:
            log.warning("sound left out", folder=str(self._folder))

    async def serve(self) -> None:
        """Write for ever. An owner runs this in a task."""
        while True:
            sound = await self._waiting.get()
            try:
                await asyncio.to_thread(self._write, sound)
            except OSError as error:
                if not self._failed:  # a disk that is full stays so for a while
                    log.warning("sound not kept", folder=str(self._folder), reason=error.strerror)
                self._failed = True
            else:
                self._failed = False

    def _write(self, sound: _Sound) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self._folder / f"{sound.name}.part"
        try:
            unfinished.write_bytes(wav_of(sound.pcm))
            unfinished.rename(self._folder / sound.name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        # Their names begin with the time.
        for old in sorted(self._folder.glob("*.wav"))[:-MOST_FILES]:
            old.unlink(missing_ok=True)
