"""espeak-ng: a plain voice for a hundred languages, from the distribution's package."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.tts.base import PLAIN, Speech

_PROGRAM = "espeak-ng"
_MISSING = "espeak-ng is not installed, so I cannot speak. Install the package espeak-ng."
_HEADER_BYTES = 44
_CHUNK_BYTES = 4096
_WORDS_PER_MINUTE = 165

# Languages of home-assistant-intents whose voice has another name, or whose own is missing and a
# neighbour's is understood.
_VOICES = {
    "de-ch": "de",
    "en": "en-gb",
    "fr": "fr-fr",
    "gl": "pt",
    "kw": "cy",
    "mn": "kk",
    "sr-latn": "sr",
    "zh-cn": "cmn",
    "zh-hk": "yue",
    "zh-tw": "cmn",
}


class EspeakNg:
    """Implements Synthesiser with a process for each speech: it starts in a few milliseconds,
    and killing it is the surest way to stop."""

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        """See Synthesiser. The text goes through a pipe: it is nobody's business in `ps`."""
        process = await _start(voice_of(language))
        writing = asyncio.create_task(_write(process, text))
        try:
            yield await _read_speech(process)
        finally:
            if process.returncode is None:
                # Not `process.kill`: it would collect a process that has just ended, whose end
                # asyncio's watcher then misses.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await process.communicate()


def voice_of(language: str) -> str:
    """The espeak-ng voice for a language code; one that it does not know is passed on as it is."""
    code = language.lower().replace("_", "-")
    return _VOICES.get(code, code)


def missing(_voice: Path | None) -> str | None:
    return None if shutil.which(_PROGRAM) else _MISSING


def create(_voice: Path | None) -> EspeakNg:
    return EspeakNg()


async def _start(voice: str) -> asyncio.subprocess.Process:
    command = (_PROGRAM, "-v", voice, "-s", str(_WORDS_PER_MINUTE), "--stdin", "--stdout")
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
    except OSError:
        raise UnavailableError(_MISSING) from None


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
