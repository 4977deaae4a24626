"""Looking for servers of tools, on real ports of this machine and by real announcements."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from pichat.config.types import McpServer
from pichat.errors import BadRequestError
from pichat.mcp.discovery import MDNS_TYPES, Discovery

INFO = {"name": "files", "version": "1.2"}
RESULT = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": INFO}


class Site:
    """A web server; `ended`: sessions that were closed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ended: list[str] = []

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


@asynccontextmanager
async def site(kind: str) -> AsyncIterator[Site]:
    """`json`, `events`, `old`, `key`: servers of tools; `pages`, `silent`: none."""
    application = web.Application()
    found = Site("")

    async def ask(request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        reply = {"jsonrpc": "2.0", "id": asked["id"], "result": RESULT}
        if kind == "key":
            challenge = 'Bearer resource_metadata="http://x/"'
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        if kind == "silent":
            await asyncio.Event().wait()
        if kind == "events":
            text = f"event: message\ndata: {json.dumps(reply)}\n\n"
            return web.Response(text=text, content_type="text/event-stream")
        return web.json_response(reply, headers={"Mcp-Session-Id": "s1"})

    async def end(request: web.Request) -> web.Response:
        found.ended.append(request.headers["Mcp-Session-Id"])
        return web.Response()

    async def old(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: endpoint\ndata: /messages?id=1\n\n")
        await asyncio.Event().wait()
        return response

    async def page(_: web.Request) -> web.Response:
        return web.json_response({"jsonrpc": "1.0", "hello": "world"})

    if kind == "old":
        application.router.add_get("/sse", old)
    elif kind == "pages":
        application.router.add_route("*", "/{any:.*}", page)
    else:
        application.router.add_post("/mcp", ask)
        application.router.add_delete("/mcp", end)
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield found
    finally:
        await runner.cleanup()


def table_of(*ports: int, state: str = "0A") -> str:
    lines = [f" 0: 0100007F:{port:04X} 00000000:0000 {state} 0 0 0 0 0 1" for port in ports]
    return "\n".join(["sl local_address rem_address st", *lines])


async def test_servers_of_every_kind_answer_and_others_are_left_in_peace(tmp_path: Path) -> None:
    async with (
        site("json") as plain,
        site("events") as events,
        site("old") as old,
        site("key") as key,
        site("pages") as pages,
    ):
        known = {"mine": McpServer(url=f"http://localhost:{plain.port}/mcp/")}
        discovery = Discovery(lambda: "", lambda: known, proc=tmp_path)
        hosts = [urlsplit(each.url).netloc for each in (plain, events, old, key, pages)]
        found = await discovery.look([*hosts, f"{events.url}/mcp"], here=False)
        servers = {each.url: each for each in found.servers}
        assert set(servers) == {
            f"{plain.url}/mcp", f"{events.url}/mcp", f"{old.url}/sse", f"{key.url}/mcp"
        }  # fmt: skip
        first = servers[f"{plain.url}/mcp"]
        assert (first.title, first.version, first.known) == ("files", "1.2", "mine")
        assert plain.ended == ["s1"]  # nobody will use the session that was begun
        assert servers[f"{events.url}/mcp"].known is None
        assert servers[f"{old.url}/sse"].transport == "sse"
        assert servers[f"{key.url}/mcp"].needs_key
        assert (found.asked, found.cut) == (6, False)


async def test_this_machine_is_searched_by_its_listening_ports_without_our_own(
    tmp_path: Path,
) -> None:
    async with site("json") as plain, site("json") as own, site("silent") as silent:
        (tmp_path / "tcp").write_text(table_of(plain.port, own.port, silent.port, 22))
        (tmp_path / "tcp6").write_text(table_of(1, state="01").replace("0100007F", "0" * 32))
        discovery = Discovery(lambda: own.url, dict, proc=tmp_path, interfaces=["127.0.0.1"])
        info = AsyncServiceInfo(
            MDNS_TYPES[0],
            f"notes.{MDNS_TYPES[0]}",
            addresses=[socket.inet_aton("127.0.0.1")],
            port=plain.port,
            properties={"path": "/mcp"},
        )
        network = AsyncZeroconf(interfaces=["127.0.0.1"])
        try:
            await (await network.async_register_service(info))
            found = await discovery.look()
        finally:
            await network.async_close()
        assert [each.url for each in found.servers] == [f"{plain.url}/mcp"]
        assert found.asked == 3  # announced with its path, and the two ports


@pytest.mark.parametrize(
    "host", ["", "ftp://x", "http://x y", "a b:c", "http://me:word@x", "x:99999"]
)
async def test_what_is_no_host_is_told(host: str, tmp_path: Path) -> None:
    discovery = Discovery(lambda: "", dict, proc=tmp_path)
    with pytest.raises(BadRequestError, match=r"no host|At most"):
        await discovery.look([host], here=False)
    with pytest.raises(BadRequestError, match="At most"):
        await discovery.look(["x"] * 17, here=False)
