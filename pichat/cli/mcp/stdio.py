"""Messages on standard input and output, a line each: how a program talks to what it started."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

LONGEST_BYTES = 4 * 1024 * 1024

Message = dict[str, Any]


async def lines() -> AsyncIterator[bytes]:
    """Each line of standard input, until it is closed. Raises ValueError for one that is longer
    than any message."""
    reader = asyncio.StreamReader(limit=LONGEST_BYTES)
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    except ValueError:  # a file, which never keeps anybody waiting
        for line in sys.stdin.buffer:
            yield line
        return
    while line := await reader.readline():
        yield line


class Output:
    """Writes whole lines, one after the other."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def write(self, message: Message) -> None:
        line = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        async with self._lock:
            await asyncio.to_thread(_write, line)


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
