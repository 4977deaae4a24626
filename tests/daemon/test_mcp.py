"""Tools of another program in the real daemon, from adding its server to the next start."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pichat.cli.client import connect
from tests.mcp.test_upstream import DEMO
from tests.support.daemon import DaemonProcess, pichat, running_daemon, write_config

QUIET = {"zigbee": {"path": "none"}}
KEY = "sk-of-the-owner-77"
GONE = {"gone": {"url": f"http://127.0.0.1:1/mcp?key={KEY}", "headers": {"X-Key": KEY}}}


async def states(daemon: DaemonProcess) -> dict[str, str]:
    listed = await daemon.connect_and_ask("get_mcp_servers", {})
    return {each["name"]: each["state"] for each in listed["servers"]}


async def tools(daemon: DaemonProcess) -> dict[str, list[str]]:
    listed = await daemon.connect_and_ask("get_tools", {})
    return {
        each["name"]: each["refused_by"] for each in listed["tools"] if each["server"] is not None
    }


@pytest.mark.long  # two daemons, and a process for each command
async def test_a_server_is_added_from_a_shell_and_its_tools_are_there_at_the_next_start(
    tmp_path: Path,
) -> None:
    variables = {"DEMO_KEY": KEY}
    async with running_daemon(tmp_path, variables, **QUIET) as daemon:
        health = await daemon.connect_and_ask("get_health", {})
        assert health["parts"]["mcp"]["status"] == "off"
        assert not imports_the_sdk(daemon)
        code, out, err = await pichat(
            tmp_path, "mcp", "add", "demo", "--env", "KEY=${DEMO_KEY}", "--", *DEMO
        )
        assert (code, err) == (0, "")
        assert "It is ready and has 5 tools" in out
        assert (await pichat(tmp_path, "mcp", "off", "demo__die"))[0] == 0
        code, out, _ = await pichat(tmp_path, "mcp", "tools", "--json")
        assert {each["name"] for each in json.loads(out) if each["allowed"]} == {
            "demo__add", "demo__pid", "demo__wait", "demo__learn"
        }  # fmt: skip

        # config.yaml names another one, which does not answer: that is told, and hurts nobody.
        write_config(tmp_path, {**QUIET, "mcp": {"servers": GONE}})
        async with connect(tmp_path) as connection:
            subscribed = await connection.send("subscribe", {"topics": ["tools", "health"]})
            code, out, _ = await pichat(tmp_path, "reload")
            assert (code, out) == (0, "Changed: mcp.servers.gone.\n")
            events: dict[str, list[str]] = {}
            async with asyncio.timeout(20):
                async for frame in connection.frames():
                    if frame["request_id"] == subscribed and frame["status"] == "event":
                        events.setdefault(frame["action"], []).append(str(frame["payload"]))
                    if "cannot be used" in str(events.get("health_changed")):
                        break
        assert "gone" in str(events["mcp_servers_changed"])
        assert "“gone”: Nothing answers at its address." in str(events["health_changed"])
        assert (await states(daemon))["demo"] in ("ready", "idle")
        code, out, _ = await pichat(tmp_path, "mcp")
        assert "http://127.0.0.1:1/mcp?key=***" in out
        assert "“gone”: Nothing answers at its address." in out

    async with running_daemon(tmp_path, variables, **QUIET) as again:
        assert await tools(again) == {
            "demo__add": [], "demo__pid": [], "demo__wait": [], "demo__learn": [],
            "demo__die": ["switch"],
        }  # fmt: skip
        assert await states(again) == {"demo": "idle"}  # and no program was started for that
        assert not imports_the_sdk(again)
        assert (await pichat(tmp_path, "mcp", "remove", "demo", "--yes"))[0] == 0
        assert await tools(again) == {}
    assert KEY not in again.log  # of both runs
    assert KEY not in (tmp_path / "mcp-secrets.json").read_text()
    assert KEY.encode() not in (tmp_path / "pichat.db").read_bytes()


def imports_the_sdk(daemon: DaemonProcess) -> bool:
    """By what the process has mapped: pydantic's own library comes with it alone."""
    return "pydantic_core" in Path(f"/proc/{daemon.pid}/maps").read_text()
