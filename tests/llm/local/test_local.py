"""The local model as the daemon has it: in a process of its own, that comes, goes and may die."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.config.types import LocalModel
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.llm.base import LlmEvent, Provider, Request, TextDelta
from pichat.llm.errors import ModelRefusedError
from pichat.llm.local import PART, LocalProvider, create_local
from scripts.tiny_gguf import Shape
from tests.llm.conftest import Write
from tests.llm.local.parts import LIGHT, asked, called, said, usage, with_parameters
from tests.worker.processes import gone

PIECES = ("It", " is", " nine", ".")
HELLO = asked("Hello. " * 60, tools=(LIGHT,))
ENDLESS = with_parameters(HELLO, seed=1, temperature=2.0, top_p=1.0, max_tokens=4000)


class Local:
    """A provider, and what Health says of it."""

    def __init__(self, provider: LocalProvider, health: Health) -> None:
        self.provider = provider
        self._health = health

    @property
    def pid(self) -> int | None:
        return self.provider.worker.pid

    def running(self) -> int:
        assert self.pid is not None
        return self.pid

    @property
    def reason(self) -> str | None:
        return self._health.parts()[PART].reason

    async def answer(self, request: Request = HELLO) -> list[LlmEvent]:
        return [event async for event in self.provider.stream(request)]


@asynccontextmanager
async def local(path: Path, state_dir: Path, **options: Any) -> AsyncIterator[Local]:
    health = Health(Bus())
    async with create_local("local", LocalModel(model=path, **options), state_dir, health) as it:
        yield Local(it, health)


async def test_it_answers_and_goes_when_it_is_idle(tiny: Write, tmp_path: Path) -> None:
    path = tiny(says=PIECES)
    async with local(path, tmp_path, idle_s=0.05) as it:
        provider: Provider = it.provider
        assert (provider.name, provider.model, provider.cloud) == ("local", path.stem, False)
        assert it.pid is None
        assert said(await it.answer()) == "It is nine."
        pid = it.running()
        await gone(pid)
        events = await it.answer()  # another process, which need not read the beginning again
        assert said(events) == "It is nine."
        assert usage(events).cached_tokens > 64
        assert it.reason is None


@pytest.mark.long
async def test_calls_arrive_whole(tiny: Write, tmp_path: Path) -> None:
    async with local(tiny(), tmp_path) as it:
        await it.provider.load()
        assert it.running()
        for seed in range(9):
            request = asked("Light!", tools=(LIGHT,), tool_choice="required")
            events = await it.answer(with_parameters(request, seed=seed, max_tokens=120))
            for name, arguments in called(events):
                assert name == LIGHT.name
                assert arguments["device"] in ("kitchen light", "hallway light")


async def test_closing_cancels_at_once(tiny: Write, tmp_path: Path) -> None:
    async with local(tiny(), tmp_path) as it:
        await it.provider.load()
        pid = it.running()
        stream = it.provider.stream(ENDLESS)
        assert isinstance(await anext(stream), TextDelta)
        await stream.aclose()
        events = await it.answer(with_parameters(HELLO, max_tokens=1))
        assert usage(events).cached_tokens == usage(events).input_tokens - 1
        assert it.pid == pid  # it let go by itself


async def test_a_killed_process_is_told_and_replaced(tiny: Write, tmp_path: Path) -> None:
    async with local(tiny(), tmp_path) as it:
        stream = it.provider.stream(ENDLESS)
        await anext(stream)
        pid = it.running()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(UnavailableError, match="crashed while it was thinking"):
            while True:
                await anext(stream)
        assert said(await it.answer(with_parameters(HELLO, seed=2, max_tokens=5)))


@pytest.mark.long
async def test_a_hanging_process_is_killed(tiny: Write, tmp_path: Path) -> None:
    async with local(tiny(), tmp_path) as it:
        it.provider.worker._limits = type(it.provider.worker._limits)(let_go_s=0.1)
        stream = it.provider.stream(ENDLESS)
        await anext(stream)
        pid = it.running()
        os.kill(pid, signal.SIGSTOP)
        await stream.aclose()
        await gone(pid)
        assert said(await it.answer(with_parameters(HELLO, seed=2, max_tokens=5)))


async def test_too_little_memory_is_told_before_anything_is_loaded(
    tiny: Write, tmp_path: Path
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 1000 kB\n")
    health = Health(Bus())
    config = LocalModel(model=tiny())
    async with LocalProvider("local", config, tmp_path, health, meminfo=meminfo) as provider:
        with pytest.raises(UnavailableError, match=r"needs about 1\d\d MB .* only 1 MB are free"):
            await anext(provider.stream(HELLO))
        assert provider.worker.pid is None
    assert health.parts()[PART].status == "degraded"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no language model"),
        (b"", "is no language model in a GGUF file"),
        (b"<!DOCTYPE html>" * 99, "is no language model in a GGUF file"),
        (40, "is damaged"),
        pytest.param(-5000, "the file is damaged", marks=pytest.mark.long),
    ],
)
async def test_what_is_wrong_with_a_file_is_told(
    tiny: Write, tmp_path: Path, content: bytes | int | None, sentence: str
) -> None:
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else tiny().read_bytes()[:content])
    async with local(path, tmp_path) as it:
        with pytest.raises(UnavailableError, match=sentence):
            await it.answer()
        assert it.reason
        assert sentence in it.reason


@pytest.mark.long
async def test_the_worst_file_ends_the_process_and_not_the_daemon(
    tiny: Write, tmp_path: Path
) -> None:
    data = tiny().read_bytes()
    path = tmp_path / "model.gguf"
    path.write_bytes(data.replace(b"<0x41>", b"<0x42>"))  # two tokens alike: llama.cpp aborts
    async with local(path, tmp_path) as it:
        with pytest.raises(UnavailableError, match="crashed while it was loading"):
            await it.answer()


@pytest.mark.long
async def test_a_request_too_long_is_refused_and_the_next_answered(
    tiny: Write, tmp_path: Path
) -> None:
    async with local(tiny(says=PIECES), tmp_path, context_tokens=512) as it:
        with pytest.raises(ModelRefusedError, match="too long"):
            await it.answer(asked("word " * 2000))
        assert said(await it.answer(asked("Hello."))) == "It is nine."


async def test_cancelled_while_it_reads_a_long_prompt(tiny: Write, tmp_path: Path) -> None:
    """Seconds of reading, which the next request does not wait for."""
    shape = Shape(layers=6, width=256, heads=4, kv_heads=2, feed_forward=1024)
    async with local(tiny(shape=shape), tmp_path) as it:
        await it.provider.load()
        pid = it.running()
        reading = asyncio.create_task(it.answer(asked("word " * 2000)))
        while it.provider.worker.stage != "busy":  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        async with asyncio.timeout(1):
            await it.answer(with_parameters(asked("Hi."), max_tokens=1))
        assert it.pid == pid
