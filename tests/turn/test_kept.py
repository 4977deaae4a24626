"""Sound files of wakes, on a disk that takes them and on one that does not."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from structlog.testing import capture_logs

from pichat.turn.kept import MOST_FILES, KeptSound

PCM = bytes(range(256)) * 10


@asynccontextmanager
async def keeping(folder: Path) -> AsyncIterator[KeptSound]:
    kept = KeptSound(folder)
    serving = asyncio.create_task(kept.serve())
    yield kept
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.to_thread(lambda: None)  # a turn of the writing thread


def files_in(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def test_a_wake_is_a_file_that_tells_what_it_is(tmp_path: Path) -> None:
    async with keeping(tmp_path / "wakes") as kept:
        kept.save("near_miss", "../hey jarvis", 0.872, PCM)
        await until(lambda: len(list(tmp_path.glob("wakes/*.wav"))) == 1)
    (file,) = (tmp_path / "wakes").iterdir()
    assert file.name.endswith("_-hey-jarvis_0.87_near_miss.wav")
    assert file.name.startswith("20")
    with wave.open(str(file)) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (16000, 1, 2)
        assert wav.readframes(10_000) == PCM


async def test_the_oldest_files_go(tmp_path: Path) -> None:
    for number in range(MOST_FILES):
        (tmp_path / f"2020-01-01T00-00-00.{number:03}_x_0.50_wake.wav").touch()
    async with keeping(tmp_path) as kept:
        kept.save("wake", "alexa", 1, PCM)
        await until(lambda: any(tmp_path.glob("*alexa*")) and not any(tmp_path.glob("*.000_*")))
    assert files_in(tmp_path) == MOST_FILES


async def test_too_much_at_once_is_left_out(tmp_path: Path) -> None:
    async with keeping(tmp_path) as kept:
        with capture_logs() as logs:
            for _ in range(10):
                kept.save("wake", "alexa", 0.9, PCM)
        assert [line["event"] for line in logs] == ["sound left out"] * 2


async def test_a_disk_that_takes_nothing_is_one_line_in_the_log(tmp_path: Path) -> None:
    folder = tmp_path / "wakes"
    folder.touch()  # as good as a full disk: nothing can be written below it
    with capture_logs() as logs:
        async with keeping(folder) as kept:
            for _ in range(3):
                kept.save("wake", "alexa", 0.9, PCM)
            await until(lambda: kept._waiting.empty() and bool(logs))
            folder.unlink()
            kept.save("wake", "alexa", 0.9, PCM)
            await until(lambda: any(folder.glob("*.wav")))
    assert [line["event"] for line in logs] == ["sound not kept"]
