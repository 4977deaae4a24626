"""`pichat mcp serve`: the house for a program that starts its servers itself."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated

from pichat.state import lock_state
from tests.gateway.fakes import OWN_SECRET, World, running_world
from tests.mcp.server.programs import DEADLINE_S, Program, updates

LAMP = "00:12:4b:00:00:00:00:01"
LAMP_URI = f"pichat://devices/{LAMP}"


@contextmanager
def announced(world: World, state: Path) -> Iterator[None]:
    """As if the daemon of that state directory were this one."""
    with lock_state(state) as lock:
        (state / "local.token").write_text(OWN_SECRET)
        lock.announce(world.url)
        yield


def command(state: Path) -> list[str]:
    return ["-m", "pichat", "mcp", "serve", "--state-dir", str(state)]


@asynccontextmanager
async def started(state: Path, mode: str) -> AsyncIterator[Program]:
    made: list[Program] = []

    async def hear(message: object) -> None:
        await made[0].hear(message)

    parameters = StdioServerParameters(command=sys.executable, args=command(state))
    client = Client(stdio_client(parameters), mode=mode, message_handler=hear, cache=None)
    made.append(Program(client))
    async with client:
        yield made[0]


async def run(state: Path, text: bytes) -> tuple[int | None, list[Any], str]:
    """Its code, what it answered, and what it said to people."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command(state),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(DEADLINE_S):
        out, err = await process.communicate(text)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err.decode()


async def check(agent: Program, world: World) -> None:
    pieces: list[str] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        assert (done, total) == (len(pieces) + 1, None)
        pieces.append(message or "")

    assert {"set_device_state", "create_profile"} <= await agent.names()  # as its owner
    result = await agent.call("send_message", progress, message="turn on the kitchen light")
    assert result.structured_content["text"] == "The Kitchen light is on."
    assert "".join(pieces).endswith("The Kitchen light is on.")
    assert world.turns.utterances[-1].source == "agent"
    with pytest.raises(MCPError, match="no device"):
        await agent.client.read_resource("pichat://devices/mö")
    with pytest.raises(MCPError, match="no tool"):
        await agent.call("nonsense")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:resources/subscribe is removed")
async def test_a_client_with_a_session(world: World, tmp_path: Path) -> None:
    with announced(world, tmp_path):
        async with started(tmp_path, "legacy") as agent:
            await check(agent, world)
            await agent.client.subscribe_resource(LAMP_URI)
            world.house.report(LAMP, brightness=3)
            await agent.until(lambda told: LAMP_URI in updates(told))
            assert updates(agent.told) == [LAMP_URI]


async def test_a_client_without_one(world: World, tmp_path: Path) -> None:
    with announced(world, tmp_path):
        async with started(tmp_path, "auto") as agent, asyncio.timeout(DEADLINE_S):
            assert agent.client.session.discover_result is not None
            await check(agent, world)
            async with agent.client.listen(resource_subscriptions=[LAMP_URI]) as events:
                world.house.report(LAMP, brightness=3)
                assert await anext(events) == ResourceUpdated(LAMP_URI)
            waiting = asyncio.ensure_future(agent.call("send_message", message="wait"))
            await world.turns.waiting.wait()
            waiting.cancel()
            await world.turns.ended.wait()
            assert await agent.names()


@pytest.mark.long
@pytest.mark.filterwarnings("ignore:resources/subscribe is removed")
async def test_a_daemon_that_starts_anew_is_found_again(tmp_path: Path) -> None:
    async with AsyncExitStack() as whole:
        async with running_world(trust_loopback=False) as first:
            with announced(first, tmp_path):
                agent = await whole.enter_async_context(started(tmp_path, "legacy"))
                await agent.client.subscribe_resource(LAMP_URI)
                await first.gateway.stop()
                with pytest.raises(MCPError, match="does not answer"):
                    await agent.names()
            with pytest.raises(MCPError, match="PiChat is not running"):
                await agent.names()
        again = await whole.enter_async_context(running_world(trust_loopback=False))
        whole.enter_context(announced(again, tmp_path))
        assert await agent.names()
        # What it followed it follows again.
        await agent.until(lambda told: LAMP_URI in updates(told))
        again.house.report(LAMP, brightness=3)
        await agent.until(lambda told: updates(told).count(LAMP_URI) > 1)
        await whole.pop_all().aclose()


async def test_what_a_person_is_told(world: World, tmp_path: Path) -> None:
    code, answers, said = await run(tmp_path, b"")
    assert (code, answers) == (1, [])
    assert "PiChat is not running" in said
    assert "pichat run" in said
    with announced(world, tmp_path):
        asked = {"jsonrpc": "2.0", "id": "a", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "x", "version": "1"}}}  # fmt: skip
        lines = [json.dumps(asked), "nonsense", "", "[1]", json.dumps({**asked, "method": "no"})]
        code, answers, said = await run(tmp_path, "\n".join(lines).encode())
        assert code == 0
        assert [each.get("id") for each in answers] == ["a", None, None, "a"]
        assert answers[0]["result"]["serverInfo"]["name"] == "pichat"
        assert answers[1]["error"]["code"] == -32700
        assert answers[3]["error"]["code"] == -32601
        assert said == ""
        (tmp_path / "local.token").write_text("of another user")
        code, answers, said = await run(tmp_path, json.dumps(asked).encode())
        assert answers[0]["error"]["data"]["code"] == "not_allowed"
        assert "sudo -u pichat" in said
