"""Waiting for the end of processes, whoever their parent is."""

from __future__ import annotations

import asyncio
import os


async def gone(pid: int, within_s: float = 5.0) -> None:
    """Returns when the process has ended. Raises TimeoutError."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(fd, ended.set)
    try:
        async with asyncio.timeout(within_s):
            await ended.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
