"""What the provider layer costs for each token that a cloud streams: CPU time of this process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from statistics import median

import aiohttp
import msgspec
from aiohttp import web

from pichat.config.types import CloudModel
from pichat.llm.base import Ended, Message, Request, TextDelta
from pichat.llm.openai import create
from scripts.benches.figure import Figure

CHUNKS, ROUNDS = 4000, 7
QUESTION = "Tell me everything."
WORD = " token"
OVER_BYTES, OVER_OPENAI = 2.0, 0.25


def run() -> list[Figure]:
    """Both figures. The server is a process of its own; the ways of reading take turns."""
    with subprocess.Popen(
        [sys.executable, "-m", "scripts.benches.llm_stream"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            bytes_ms, ours_ms, openai_ms = asyncio.run(_measure(url))
        finally:
            server.terminate()
    each_us = f"{ours_ms / CHUNKS * 1000:.1f} µs a chunk"
    return [
        Figure(
            name="llm.stream_cpu_over_bytes",
            value=ours_ms / bytes_ms,
            unit="×",
            limit=OVER_BYTES,
            samples=ROUNDS,
            note=f"{ours_ms:.1f} ms ({each_us}) over {bytes_ms:.1f} ms for the bytes alone",
        ),
        Figure(
            name="llm.stream_cpu_over_openai",
            value=ours_ms / openai_ms,
            unit="×",
            limit=OVER_OPENAI,
            peer=openai_ms,
            peer_source="ms of the openai package",
            samples=ROUNDS,
            note=f"{ours_ms:.1f} ms for {CHUNKS} chunks",
        ),
    ]


async def _measure(url: str) -> list[float]:
    """The median CPU time of each way of reading the same stream, in ms."""
    from openai import AsyncOpenAI

    async with aiohttp.ClientSession() as http, AsyncOpenAI(api_key="k", base_url=url) as client:
        provider = create("bench", CloudModel(kind="openai", model="m", url=url), http)

        async def the_bytes() -> int:
            count = 0
            async with http.post(f"{url}/chat/completions", json={"stream": True}) as response:
                async for piece in response.content.iter_any():
                    count += piece.count(WORD.encode())
            return count

        async def ours() -> int:
            request = Request(system="", messages=(Message(role="user", text=QUESTION),))
            count, events = 0, []
            async for event in provider.stream(request):
                events.append(event)
                count += isinstance(event, TextDelta)
            assert isinstance(events[-1], Ended)
            return count

        async def openais() -> int:
            count = 0
            stream = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": QUESTION}], stream=True
            )
            async for chunk in stream:
                count += bool(chunk.choices and chunk.choices[0].delta.content)
            return count

        ways = (the_bytes, ours, openais)
        times_ms = [[await _cpu_ms(way) for way in ways] for _ in range(ROUNDS + 1)][1:]
    return [median(each) for each in zip(*times_ms, strict=True)]


async def _cpu_ms(way: Callable[[], Awaitable[int]]) -> float:
    before_s = time.process_time()
    if await way() != CHUNKS:
        raise RuntimeError(f"{way.__name__} did not read {CHUNKS} tokens")
    return (time.process_time() - before_s) * 1000


def _chunks() -> list[bytes]:
    """As OpenAI writes them."""
    common = {
        "id": "chatcmpl-9abcdefghijklmnopqrstuvwxyz12",
        "object": "chat.completion.chunk",
        "created": 1_763_000_000,
        "model": "gpt-5-mini-2026-08-07",
        "service_tier": "default",
        "system_fingerprint": "fp_1234567890",
    }

    def chunk(delta: dict[str, str], reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        body = msgspec.json.encode({**common, "choices": [choice], "usage": None})
        return b"data: " + body + b"\n\n"

    usage = {"prompt_tokens": 9, "completion_tokens": CHUNKS, "total_tokens": CHUNKS + 9}
    last = msgspec.json.encode({**common, "choices": [], "usage": usage})
    return [
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": WORD}) for _ in range(CHUNKS)),
        chunk({}, "stop"),
        b"data: " + last + b"\n\n",
        b"data: [DONE]\n\n",
    ]


async def _serve() -> None:
    chunks = _chunks()

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response

    application = web.Application()
    application.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
