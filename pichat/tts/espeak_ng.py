"""espeak-ng: a plain voice for a hundred languages, from the distribution's package."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, cast

import structlog

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.tts.accents import choose_voice, read_voices
from pichat.tts.base import PLAIN, Speech

log = structlog.get_logger(__name__)
_PROGRAM = "espeak-ng"
_MISSING = "espeak-ng is not installed, so I cannot speak. Install the package espeak-ng."
_HEADER_BYTES = 44
_CHUNK_BYTES = 4096
_WORDS_PER_MINUTE = 165
_MOST_TOLD = 20


class _Voice(NamedTuple):
    name: str
    words_per_minute: int


class EspeakNg:
    """Implements ServedSynthesiser with a process for each speech: killing it is the surest way
    to stop. It takes 13 ms to start, four times as long on a Pi; while it is served the next one
    waits for its text. The volume is the speaker's affair."""

    def __init__(self) -> None:
        self._ready: tuple[_Voice, asyncio.subprocess.Process] | None = None
        self._next: _Voice | None = None
        self._spoke = asyncio.Event()
        self._voices: Mapping[str, str] | None = None
        self._told: set[str] = set()  # accents that are not known; configured, so few

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        """See Synthesiser. The text goes through a pipe: it is nobody's business in `ps`."""
        voice = await self._voice(language, style)
        process = self._take(voice) or await _start(voice)
        writing = asyncio.create_task(_write(process, text))
        try:
            yield await _read_speech(process)
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await _end(process)
            self._next = voice
            self._spoke.set()

    async def serve(self, language: str, style: Style = PLAIN) -> None:
        """See ServedSynthesiser."""
        try:
            self._next = self._next or await self._voice(language, style)
            while True:
                await self._get_ready(self._next)
                self._spoke.clear()
                await self._spoke.wait()
        finally:
            await self._drop()

    async def _get_ready(self, voice: _Voice) -> None:
        if self._ready is not None:
            if self._ready[0] == voice and self._ready[1].returncode is None:
                return
            await self._drop()
        try:
            self._ready = voice, await _start(voice)
        except UnavailableError as error:
            log.debug("no voice ready", reason=error.sentence)

    def _take(self, voice: _Voice) -> asyncio.subprocess.Process | None:
        """The process that waits for a text, if it has that voice and lives."""
        if self._ready is None or self._ready[0] != voice or self._ready[1].returncode is not None:
            return None
        _, process = self._ready
        self._ready = None
        return process

    async def _drop(self) -> None:
        if self._ready is not None:
            _, process = self._ready
            self._ready = None
            await _end(process)

    async def _voice(self, language: str, style: Style) -> _Voice:
        if style.accent is not None and self._voices is None:
            self._voices = read_voices(await _list_voices())
        chosen = choose_voice(language, style.gender, style.accent, self._voices or {})
        unknown = chosen.unknown
        if unknown is not None and unknown not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(unknown)
            log.warning("accent not known", accent=unknown)
        return _Voice(chosen.voice, round(_WORDS_PER_MINUTE * style.rate))


def missing(_voice: Path | None) -> str | None:
    return None if shutil.which(_PROGRAM) else _MISSING


def create() -> EspeakNg:
    return EspeakNg()


async def _start(voice: _Voice) -> asyncio.subprocess.Process:
    command = (_PROGRAM, "-v", voice.name, "-s", str(voice.words_per_minute))
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            "--stdin",
            "--stdout",
            stdin=pipe,
            stdout=pipe,
            stderr=asyncio.subprocess.DEVNULL,
            process_group=0,  # Ctrl-C in a terminal is the daemon's affair
        )
    except OSError:
        raise UnavailableError(_MISSING) from None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # Not `process.kill`: it would collect a process that has just ended, whose end asyncio's
        # watcher then misses.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await process.communicate()


async def _list_voices() -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            _PROGRAM, "--voices", stdout=asyncio.subprocess.PIPE
        )
    except OSError:
        raise UnavailableError(_MISSING) from None
    output, _ = await process.communicate()
    return output.decode(errors="replace")


async def _write(process: asyncio.subprocess.Process, text: str) -> None:
    pipe = cast("asyncio.StreamWriter", process.stdin)
    pipe.write(text.encode())
    pipe.close()
    await pipe.wait_closed()


async def _read_speech(process: asyncio.subprocess.Process) -> Speech:
    """Take the WAV header off, whose sizes mean nothing because espeak-ng streams."""
    pipe = cast("asyncio.StreamReader", process.stdout)
    try:
        header = await pipe.readexactly(_HEADER_BYTES)
    except asyncio.IncompleteReadError:
        raise UnavailableError("espeak-ng could not speak that.") from None
    (sample_rate_hz,) = struct.unpack_from("<I", header, 24)
    return Speech(sample_rate_hz, _read_chunks(pipe))


async def _read_chunks(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while chunk := await stream.read(_CHUNK_BYTES):
        yield chunk
