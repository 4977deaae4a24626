"""What the local model need not read twice, and how soon it stops: the real llama.cpp, on a model
of 40 million parameters, so that reading a prompt takes seconds, as a real one does on a Pi."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec

from pichat.bus import Bus
from pichat.config.types import LocalModel, ModelParameters
from pichat.health import Health
from pichat.llm.base import Message, Request, TextDelta, ToolSpec
from pichat.llm.engine.model import LoadedModel
from pichat.llm.engine.prompt import Prompts
from pichat.llm.local import LocalProvider, create_local
from scripts.benches.figure import Figure, percentile
from scripts.tiny_gguf import LARGE, write_tiny_gguf

TOKENS = 3000
SECOND_TURNS, RESTARTS, CANCELS = 5, 3, 20
SECOND_LIMIT, RESTART_LIMIT, CANCEL_LIMIT_MS = 0.03, 0.10, 150.0
_SYSTEM = "You are PiChat, the voice of this house. Answer in one short sentence."
_ANSWER = ("The kitchen light", " is on", " now", ".")
_POLL_S = 0.0005


def run() -> list[Figure]:
    """Every figure of the group."""
    with TemporaryDirectory() as directory:
        folder = Path(directory)
        model = write_tiny_gguf(folder / "large.gguf", says=_ANSWER, shape=LARGE)
        request = _request(write_tiny_gguf(folder / "tiny.gguf", says=_ANSWER))
        return [
            *asyncio.run(_read_once(model, folder / "state", request)),
            asyncio.run(_cancelled(model, folder / "cancel", request)),
        ]


def _request(tiny: Path) -> Request:
    """With as many tools as it takes. `tiny` has the tokens of the large model."""
    prompts = Prompts(LoadedModel(tiny, 2 * TOKENS, 1, lambda _: None))
    tools: list[ToolSpec] = []
    while prompts.make(request := _asking(tuple(tools), "Hello.")).stable < TOKENS:
        tools.append(_tool(len(tools)))
    return request


def _tool(number: int) -> ToolSpec:
    properties = {
        "device": {"type": "string", "description": "The name of the device"},
        "value": {"type": "number", "minimum": 0, "maximum": 100},
    }
    return ToolSpec(
        name=f"set_device_state_{number}",
        description="Turn on the light of an area, its brightness and its state.",
        parameters={"type": "object", "properties": properties, "required": ["device"]},
    )


def _asking(tools: tuple[ToolSpec, ...], *texts: str) -> Request:
    messages: list[Message] = []
    for text in texts:
        answer = "".join(_ANSWER)
        messages += [Message(role="user", text=text), Message(role="assistant", text=answer)]
    return Request(
        system=_SYSTEM,
        tools=tools,
        messages=tuple(messages[:-1]),
        context="It is Tuesday evening.",
        parameters=ModelParameters(max_tokens=32),
    )


@asynccontextmanager
async def _loaded(model: Path, state_dir: Path) -> AsyncIterator[tuple[LocalProvider, float]]:
    """A provider whose process is there, and how many seconds that took."""
    config = LocalModel(model=model, context_tokens=4096)
    async with create_local("local", config, state_dir, Health(Bus())) as provider:
        before_s = time.perf_counter()
        await provider.load()
        yield provider, time.perf_counter() - before_s


async def _first_token_s(provider: LocalProvider, request: Request) -> float:
    """The answer is taken to its end."""
    first_s: float | None = None
    before_s = time.perf_counter()
    async for event in provider.stream(request):
        if first_s is None and isinstance(event, TextDelta):
            first_s = time.perf_counter() - before_s
    if first_s is None:
        raise RuntimeError("the model said nothing")
    return first_s


async def _read_once(model: Path, state_dir: Path, request: Request) -> list[Figure]:
    tools = request.tools
    asked = ("turn on the kitchen light please", "is the front door locked?")
    async with _loaded(model, state_dir) as (provider, load_s):
        first_s = await _first_token_s(provider, _asking(tools, asked[0]))
        second_s = []
        for _ in range(SECOND_TURNS):
            second_s.append(await _first_token_s(provider, _asking(tools, *asked)))
            await _first_token_s(provider, _asking(tools, asked[0]))
    restart_s = []
    for _ in range(RESTARTS):
        async with _loaded(model, state_dir) as (provider, _):
            restart_s.append(await _first_token_s(provider, _asking(tools, asked[0])))
    size_mb = await asyncio.to_thread(_size_mb, state_dir)
    return [
        Figure(
            name="llm.second_turn_first_token_over_first",
            value=median(second_s) / first_s,
            unit="×",
            limit=SECOND_LIMIT,
            samples=SECOND_TURNS,
            note=f"{median(second_s) * 1000:.0f} ms over {first_s * 1000:.0f} ms, "
            f"{TOKENS:,} tokens of tools",
        ),
        Figure(
            name="llm.restart_first_token_over_first",
            value=median(restart_s) / first_s,
            unit="×",
            limit=RESTART_LIMIT,
            samples=RESTARTS,
            note=f"{median(restart_s) * 1000:.0f} ms from a state file of {size_mb:.0f} MB; "
            f"loading the model took {load_s * 1000:.0f} ms beside that",
        ),
    ]


def _size_mb(state_dir: Path) -> float:
    return sum(file.stat().st_size for file in state_dir.rglob("*.state")) / 1e6


async def _cancelled(model: Path, state_dir: Path, request: Request) -> Figure:
    """Half of them while it reads, spread over the first second; half while it writes."""
    idle_ms: list[float] = []
    async with _loaded(model, state_dir) as (provider, _):
        for number in range(CANCELS):
            other = msgspec.structs.replace(request, system=f"{number}. {_SYSTEM}")
            reading = asyncio.create_task(_first_token_s(provider, other))
            await asyncio.sleep(0.1 + number / CANCELS)
            idle_ms.append(await _idle_ms(provider, reading))
        for number in range(CANCELS):
            wild = ModelParameters(temperature=2, top_p=1, max_tokens=900, seed=number)
            short = msgspec.structs.replace(request, tools=(), parameters=wild)
            stream = provider.stream(short)
            await anext(stream)
            before_s = time.perf_counter()
            await stream.aclose()
            idle_ms.append(await _until_idle_ms(provider, before_s))
    return Figure(
        name="llm.cancel_to_idle_p95",
        value=percentile(idle_ms, 95),
        unit="ms",
        limit=CANCEL_LIMIT_MS,
        samples=len(idle_ms),
        note=f"median {median(idle_ms):.1f} ms; half of them while it reads the prompt",
    )


async def _idle_ms(provider: LocalProvider, reading: asyncio.Task[float]) -> float:
    if provider.worker.stage != "busy":
        raise RuntimeError("it was too quick to be cancelled")
    before_s = time.perf_counter()
    reading.cancel()
    await asyncio.wait([reading])
    return await _until_idle_ms(provider, before_s)


async def _until_idle_ms(provider: LocalProvider, before_s: float) -> float:
    while provider.worker.stage == "busy":  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(_POLL_S)
    return (time.perf_counter() - before_s) * 1000
