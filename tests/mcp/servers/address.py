"""A server behind an address, written by hand, that misbehaves as its path says: /mcp/hangs …"""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
ECHO = {"name": "echo", "description": "Say it again.", "inputSchema": SCHEMA}
BOMB = gzip.compress(b'{"x":"' + b"0" * 20_000_000 + b'"}', 1)


class Address:
    """`seen`: methods of what came, by path. `mended`: nothing is wrong any more. `sessions`: those
    that it knows; who clears them has started it anew."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: dict[str, list[str]] = {}
        self.mended = False
        self.sessions: set[str] = set()
        self.done = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        how = "well" if self.mended else request.match_info["how"]
        if request.method != "POST":
            return web.Response(status=405 if request.method == "GET" else 200)
        message = await request.json()
        self.seen.setdefault(how, []).append(str(message.get("method")))
        if "id" not in message:
            return web.Response(status=202)
        found = await self._misbehave(how, request, message)
        return found or self._answer(how, request, message)

    async def _misbehave(
        self, how: str, request: web.Request, message: dict[str, Any]
    ) -> web.StreamResponse | None:
        calling = message.get("method") == "tools/call"
        match how:
            case "hangs":
                await asyncio.sleep(1000)
            case "hangs-at-call" if calling:
                await asyncio.sleep(1000)
            case "401" | "403" | "404" | "429" | "502":
                return web.Response(status=int(how), text="no")
            case "page":
                return web.Response(text="<html>Sign in", content_type="text/html")
            case "elsewhere":
                raise web.HTTPTemporaryRedirect("http://127.0.0.2:9/mcp?key=secret")
            case "bomb":
                headers = {"content-encoding": "gzip", "content-type": "application/json"}
                return web.Response(body=BOMB, headers=headers)
            case "rubbish":
                return web.Response(body=b"{" * 1000, content_type="application/json")
            case "502-at-call" if calling:
                self.done += 1
                return web.Response(status=502)
            case "large-at-call" | "large-events-at-call" if calling:
                return await _large(request, events="events" in how)
            case "breaks-at-call" if calling:
                self.done += 1
                return await _broken(request)
            case "events-flood-at-call" if calling:
                return await _flood(request, message)
        return None

    def _answer(self, how: str, request: web.Request, message: dict[str, Any]) -> web.Response:
        number, params = message["id"], message.get("params", {})
        headers: dict[str, str] = {}
        known = request.headers.get("mcp-session-id") in self.sessions
        if how == "session" and message["method"] != "initialize" and not known:
            return web.Response(status=404)
        match message["method"]:
            case "initialize":
                if how == "session":
                    self.sessions.add(f"s{len(self.seen[how])}")
                    headers["mcp-session-id"] = f"s{len(self.seen[how])}"
                result: dict[str, Any] = {
                    "protocolVersion": params["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": how, "version": "1"},
                }
            case "tools/list":
                result = {"tools": [ECHO]}
            case "tools/call":
                self.done += 1
                result = {"content": [{"type": "text", "text": params["arguments"]["text"]}]}
            case method:
                error = {"code": -32601, "message": f"no {method}"}
                return web.json_response({"jsonrpc": "2.0", "id": number, "error": error})
        body = {"jsonrpc": "2.0", "id": number, "result": result}
        return web.json_response(body, headers=headers)


async def _large(request: web.Request, *, events: bool) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "text/event-stream" if events else "application/json"
    await response.prepare(request)
    try:
        await response.write(b"data: " if events else b'{"jsonrpc":"2.0","id":1,"result":"')
        for _ in range(1000):
            await response.write(b"0" * 100_000)
    except ConnectionError:
        pass
    return response


async def _broken(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "1000"})
    response.content_type = "application/json"
    await response.prepare(request)
    await response.write(b'{"jsonrpc":"2.0",')
    assert request.transport is not None
    request.transport.abort()
    return response


async def _flood(request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_type = "text/event-stream"
    await response.prepare(request)
    told = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    for _ in range(2000):
        await response.write(f"event: message\ndata: {json.dumps(told)}\n\n".encode())
    text = message["params"]["arguments"]["text"]
    result = {"content": [{"type": "text", "text": text}]}
    answer = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    await response.write(f"event: message\ndata: {json.dumps(answer)}\n\n".encode())
    return response


@asynccontextmanager
async def address(port: int = 0) -> AsyncIterator[Address]:
    found = Address()
    application = web.Application()
    application.router.add_route("*", "/mcp/{how}", found.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
    try:
        yield found
    finally:
        await runner.cleanup()
