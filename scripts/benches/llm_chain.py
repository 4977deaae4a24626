"""What it costs a person that a provider is down: the next one's first word, and the sentence when
there is nobody. The real adapter asks a server on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager

import aiohttp
import structlog
from aiohttp import web

from pichat.bus import Bus
from pichat.config.types import CloudModel, Profile, Step
from pichat.events import TurnText
from pichat.health import Health
from pichat.llm.base import Message, Provider, Request, TextDelta
from pichat.llm.chain import Chain
from pichat.llm.openai import create
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.turn.model_tools import ToolsOfTurn
from pichat.turn.thinking import Thinking, Wish
from scripts.benches.figure import Figure, percentile
from tests.support.fake_house import small_house

_SAMPLES = 60
_WARM = 5
_CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"word "}}]}\n\n'
_END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
_ASKED = Request(system="You are PiChat.", messages=(Message(role="user", text="Hello."),))


async def _complete(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for piece in (*[_CHUNK] * 5, _END):
        await response.write(piece)
    return response


def _closed_port() -> int:
    """One where the connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@asynccontextmanager
async def completions() -> AsyncIterator[int]:
    """The port of a server of OpenAI's API that says a few words."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", _complete)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _providers() -> AsyncIterator[Mapping[str, Provider]]:
    """`up` answers, `down` refuses connections, `far` is in the cloud."""
    async with completions() as up, aiohttp.ClientSession() as http:
        ports = {"down": _closed_port(), "up": up, "far": up}
        yield {name: create(name, _config(name, port), http) for name, port in ports.items()}


def _config(name: str, port: int) -> CloudModel:
    url = f"http://127.0.0.1:{port}/v1"
    return CloudModel(kind="openai", model="any", url=url, cloud=name == "far")


def _chain(providers: Mapping[str, Provider]) -> Chain:
    """A new one, for which nobody rests yet: that would only be faster."""
    return Chain(providers, Health(Bus()))


async def _first_word_ms(providers: Mapping[str, Provider], *uses: str) -> float:
    steps = [Step(use=use) for use in uses]
    took_ms, began_s = 0.0, time.perf_counter()
    stream = _chain(providers).stream(steps, _ASKED, may_use_cloud=False)
    async with aclosing(stream) as events:
        async for event in events:
            if isinstance(event, TextDelta) and not took_ms:
                took_ms = (time.perf_counter() - began_s) * 1000
    return took_ms


async def _nobody_ms(providers: Mapping[str, Provider]) -> float:
    """Until the sentence is there, through the whole loop of a turn."""
    house = small_house()
    tools = ToolsOfTurn(
        toolbox=Toolbox(house, Audit(), load_tools()),
        devices=house.devices,
        allowed=None,
        turn_id="t",
        conversation_id="c",
    )
    profile = Profile(chain=("intents", "local", "down", "far"))
    wish = Wish(turn_id="t", text="Hello.", system="You are PiChat.", profile=profile)
    began_s = time.perf_counter()
    async with aclosing(Thinking(_chain(providers), tools, wish).events()) as events:
        async for event in events:
            if isinstance(event, TurnText):
                return (time.perf_counter() - began_s) * 1000
    raise RuntimeError("nothing was said")


async def _measure(samples: int) -> list[Figure]:
    straight, around, nobody = [], [], []
    async with _providers() as providers:
        for _ in range(samples + _WARM):
            # By turns, so that whatever else the machine does meets both.
            straight.append(await _first_word_ms(providers, "up"))
            around.append(await _first_word_ms(providers, "down", "up"))
            nobody.append(await _nobody_ms(providers))
    straight, around, nobody = straight[_WARM:], around[_WARM:], nobody[_WARM:]
    direct_ms = percentile(straight, 50)
    return [
        Figure(
            name="llm.fallback_extra_p50", value=percentile(around, 50) - direct_ms, unit="ms",
            limit=100, samples=samples, note=f"the second asked directly: {direct_ms:.1f} ms",
        ),
        Figure(
            name="llm.nobody_answers", value=max(nobody), unit="ms",
            limit=1000, samples=samples, note="no model, one provider down, the cloud not allowed",
        ),
    ]  # fmt: skip


def run(samples: int = _SAMPLES) -> list[Figure]:
    """The rows of this group."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        return asyncio.run(_measure(samples))
    finally:
        structlog.configure(**before)


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name:36} {figure.value:8.2f} {figure.unit:2} {figure.note}")
