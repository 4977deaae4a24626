"""Time that jumps."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import pytest

from tests.support.virtual import NothingHappensError, run_virtual


def test_an_hour_passes_at_once_and_in_order() -> None:
    async def work() -> list[tuple[str, float]]:
        loop, log = asyncio.get_running_loop(), []

        async def after(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            log.append((name, round(loop.time(), 6)))

        await asyncio.gather(after("late", 3600), after("early", 0.02), after("middle", 5))
        return log

    began_s = time.monotonic()
    assert run_virtual(work()) == [("early", 0.02), ("middle", 5.0), ("late", 3600.0)]
    assert time.monotonic() - began_s < 2


def test_waiting_for_nothing_is_an_error_and_no_hang() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingHappensError):
        run_virtual(work())


def test_a_timeout_is_virtual() -> None:
    async def work() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run_virtual(work()) == pytest.approx(30)


def test_real_input_and_threads_still_work() -> None:
    async def work() -> tuple[bytes, int]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "print('there')", stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
        return output, await asyncio.to_thread(os.getpid)

    assert run_virtual(work()) == (b"there\n", os.getpid())
