"""A file server that misbehaves as it is told, one answer after the other."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from aiohttp import web

Answer = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


@dataclass
class Hostile:
    """Serves `files`. The next request is answered by the first of `faults`, then all goes well;
    `always` answers every request without one. `asked` is the Range of each request."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    faults: list[Answer] = field(default_factory=list)
    always: Answer | None = None
    asked: list[str | None] = field(default_factory=list)
    conditions: list[str | None] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.headers.get("Range"))
        self.conditions.append(request.headers.get("If-Range"))
        self.arrived.set()
        data = self.files.get(request.match_info["name"])
        if data is None:
            raise web.HTTPNotFound(text="no such file")
        answer = self.faults.pop(0) if self.faults else self.always or well
        return await answer(request, data)

    def entry(self, name: str, **files: bytes) -> dict[str, object]:
        """A manifest's entry of kind gguf (or of a voice, when there are two files)."""
        self.files |= {called.replace("__", "."): data for called, data in files.items()}
        return {
            "name": name,
            "kind": "gguf" if len(files) == 1 else "piper-voice",
            "purpose": "For a test.",
            "languages": ["en"],
            "ram_mb": 1,
            "licence": "CC0-1.0",
            "files": [
                {
                    "url": f"{self.url}/{called.replace('__', '.')}",
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size": len(data),
                }
                for called, data in files.items()
            ],
        }


@asynccontextmanager
async def hostile_server() -> AsyncIterator[Hostile]:
    application = web.Application()
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    hostile = Hostile("")
    application.router.add_get("/{name}", hostile.handle)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hostile.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield hostile
    finally:
        await runner.cleanup()


def write_manifest(path: Path, *entries: dict[str, object]) -> Path:
    path.write_text(yaml.safe_dump({"models": list(entries)}))
    return path


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _start(request: web.Request, data: bytes) -> int:
    """Where to begin: as asked, unless the file is another than If-Range names."""
    wanted = request.headers.get("Range")
    condition = request.headers.get("If-Range")
    if wanted is None or (condition is not None and condition != etag(data)):
        return 0
    return int(wanted.removeprefix("bytes=").removesuffix("-"))


def _headers(data: bytes, start: int) -> dict[str, str]:
    headers = {"ETag": etag(data), "Content-Length": str(len(data) - start)}
    if start:
        headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
    return headers


async def _send(
    request: web.Request, body: bytes, headers: dict[str, str], status: int = 200
) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers=headers)
    await response.prepare(request)
    await response.write(body)
    return response


async def well(request: web.Request, data: bytes) -> web.StreamResponse:
    start = _start(request, data)
    return await _send(request, data[start:], _headers(data, start), 206 if start else 200)


def cuts_off(after: int, *, ranges: bool = True) -> Answer:
    """The connection breaks `after` bytes of the answer."""

    async def answer(request: web.Request, data: bytes) -> web.StreamResponse:
        start = _start(request, data) if ranges else 0
        status = 206 if start else 200
        body = data[start : start + after]
        response = await _send(request, body, _headers(data, start), status)
        assert request.transport is not None
        request.transport.close()
        return response

    return answer


def stalls(after: int) -> Answer:
    """Says nothing more `after` bytes, and never hangs up."""

    async def answer(request: web.Request, data: bytes) -> web.StreamResponse:
        start = _start(request, data)
        status = 206 if start else 200
        response = web.StreamResponse(status=status, headers=_headers(data, start))
        await response.prepare(request)
        await response.write(data[start : start + after])
        await asyncio.Event().wait()
        return response

    return answer


async def ignores_ranges(request: web.Request, data: bytes) -> web.StreamResponse:
    return await _send(request, data, _headers(data, 0))


async def corrupts(request: web.Request, data: bytes) -> web.StreamResponse:
    """One bit is wrong, in the middle of what is sent."""
    start = _start(request, data)
    body = bytearray(data[start:])
    body[len(body) // 2] ^= 1
    return await _send(request, bytes(body), _headers(data, start), 206 if start else 200)


async def too_much(request: web.Request, data: bytes) -> web.StreamResponse:
    return await _send(request, data + b"more", {})


async def too_little(request: web.Request, data: bytes) -> web.StreamResponse:
    """Ends as if all were well, before it is."""
    start = _start(request, data)
    headers = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
    return await _send(
        request, data[start : (start + len(data)) // 2], headers, 206 if start else 200
    )


async def wrong_length(request: web.Request, data: bytes) -> web.StreamResponse:
    body = data[:-1]
    return await _send(request, body, {"Content-Length": str(len(body))})


async def web_page(request: web.Request, data: bytes) -> web.StreamResponse:
    return web.Response(text="<h1>Please log in</h1>", content_type="text/html")


async def garbage(request: web.Request, data: bytes) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"\x00\xff this is no HTTP \r\n\r\n")
    request.transport.close()
    return web.Response()


def says(status: int, **headers: str) -> Answer:
    async def answer(request: web.Request, data: bytes) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named)

    return answer


def redirects(target: str) -> Answer:
    return says(302, Location=target)
