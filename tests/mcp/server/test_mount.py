"""The way in at /mcp: who is let in, what it costs, how it ends."""

import asyncio
import io
import subprocess
import sys
from typing import Any

import aiohttp
import pytest

from pichat.gateway.mcp_mount import PATH
from pichat.turn.user_changes import UserChange
from tests.gateway.fakes import World, running_world
from tests.gateway.http import connected
from tests.mcp.server.programs import program

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}
TOOLS = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


async def bearer(world: World, scope: Any, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {await world.token(scope, **more)}", **ACCEPT}


async def test_who_is_let_in(world: World) -> None:
    child = await world.users.create("Tim", "child", UserChange())
    async with connected(world.url) as http:
        for method in ("POST", "GET", "DELETE"):
            body = INITIALIZE if method == "POST" else None
            status, told = await http.ask(method, PATH, body, **ACCEPT)
            assert (status, told["code"]) == (401, "unauthenticated")
            status, told = await http.ask(method, PATH, body, **await bearer(world, "guest"))
            assert (status, told["code"]) == (403, "not_allowed")
            of_child = await bearer(world, "screen", user_id=child.id)
            status, told = await http.ask(method, PATH, body, **of_child)
            assert (status, told["code"]) == (403, "not_allowed")
        known = await bearer(world, "agent")
        for evil in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            status, _ = await http.ask("POST", PATH, INITIALIZE, **known, **evil)
            assert status == 403
        world.agents.serve = False
        status, told = await http.ask("POST", PATH, INITIALIZE, **known)
        assert (status, told["code"]) == (404, "not_found")
        assert "mcp.serve" in told["error"]


async def test_a_session_is_its_tokens_alone(world: World) -> None:
    async with connected(world.url) as http:
        own, other = await bearer(world, "agent"), await bearer(world, "admin")
        async with http.open("POST", PATH, INITIALIZE, **own) as response:
            assert response.status == 200
            session = response.headers["Mcp-Session-Id"]
        for headers, expected in ((own, 200), (other, 404)):
            headers = {**headers, "Mcp-Session-Id": session}
            async with http.open("POST", PATH, TOOLS, **headers) as response:
                assert response.status == expected
        status, _ = await http.ask("DELETE", PATH, None, **own, **{"Mcp-Session-Id": session})
        assert status == 200
        async with http.open("POST", PATH, TOOLS, **own, **{"Mcp-Session-Id": session}) as response:
            assert response.status == 404


async def test_what_is_no_message_is_refused(world: World) -> None:
    async with connected(world.url) as http:
        known = await bearer(world, "agent")
        json_type = {"Content-Type": "application/json"}
        for raw, expected in ((b"[", 400), (b"[" * 100_000, 400), (b"{}", 400), (b"", 400)):
            async with http.session.post(
                world.url + PATH, data=raw, headers={**known, **json_type}
            ) as response:
                assert response.status == expected, raw[:10]
        async with http.session.post(
            world.url + PATH, data=io.BytesIO(b"x" * 1_100_000), headers={**known, **json_type}
        ) as response:
            assert response.status == 413
        refused = {**known, "Accept": "text/html"}
        async with http.open("POST", PATH, INITIALIZE, **refused) as response:
            assert response.status == 406


async def test_a_revoked_token_ends_what_it_holds_open(world: World) -> None:
    token, secret = await world.door.tokens.create("Butler", "agent", area=None, user_id="house")
    headers = {"Authorization": f"Bearer {secret}", **ACCEPT}
    async with connected(world.url, **headers) as http:
        async with http.open("POST", PATH, INITIALIZE) as response:
            session = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
        async with http.open("GET", PATH, None, **session, Accept="text/event-stream") as stream:
            assert stream.status == 200
            await world.door.tokens.revoke(token.id)
            with pytest.raises(aiohttp.ClientError):
                await stream.read()


async def test_it_stops_with_clients_connected() -> None:
    """Within the deadline, with streams that last and a call that hangs."""
    loop = asyncio.get_running_loop()
    async with (
        running_world(trust_loopback=False) as world,
        connected(world.url, **await bearer(world, "agent")) as http,
    ):
        async with http.open("POST", PATH, INITIALIZE) as response:
            session = {"Mcp-Session-Id": response.headers["Mcp-Session-Id"]}
        async with http.open("GET", PATH, None, **session, Accept="text/event-stream"):
            call = {
                "jsonrpc": "2.0",
                "id": 3,
                "method": "tools/call",
                "params": {"name": "send_message", "arguments": {"message": "wait"}},
            }
            hanging = asyncio.ensure_future(http.ask("POST", PATH, call, **session))
            await world.turns.waiting.wait()
            before_s = loop.time()
            await world.gateway.stop()
            assert loop.time() - before_s < 4
            hanging.cancel()
            await asyncio.gather(hanging, return_exceptions=True)


async def test_another_world_begins_anew() -> None:
    """Nothing is left over from one that has ended, as the SDK's server can be used once only."""
    for _ in range(2):
        async with running_world(trust_loopback=False) as world, program(world) as agent:
            assert await agent.names()


@pytest.mark.long
def test_a_daemon_that_nobody_asks_does_not_load_the_sdk() -> None:
    code = (
        "import sys, pichat.app.daemon, pichat.gateway.server, pichat.cli.mcp.serve;"
        "sys.exit(any(name.partition('.')[0] in ('mcp', 'mcp_types', 'pydantic', 'starlette')"
        " for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
