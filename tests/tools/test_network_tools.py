"""What changes the network is for people alone, asks before a lock, and leaves a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pichat.errors import NotAllowedError, NotFoundError
from pichat.events import Source, ToolCall, ToolResult
from pichat.store.audit import open_audit
from pichat.store.db import Database, open_database
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.network_tools import network_tools
from pichat.tools.specs import tool_specs
from tests.gateway.fake_network import LIGHT, LOCK, FakeNetwork
from tests.gateway.fakes import make
from tests.support.fake_house import FakeHouse


async def test_only_people_change_the_network(tmp_path: Path) -> None:
    network = FakeNetwork()
    house = FakeHouse(
        make(1, "Kitchen light", "Kitchen", "light", on_off=False),
        make(9, "Front door lock", "Hallway", "lock", lock=True),
    )
    async with open_database(tmp_path / "pichat.db") as database:
        async with open_audit(database) as audit:
            box = Toolbox(house, audit, {**load_tools(), **network_tools(network)})
            await _try_all(box, network)
        lines = await _lines(database)
    assert lines == [
        ("write_attribute", "shell", "ok"),
        ("write_attribute", "model", "not_allowed"),
        ("remove_device", "agent", "not_allowed"),
        ("send_cluster_command", "shell", "asked"),
        ("send_cluster_command", "shell", "not_found"),
    ]


async def _try_all(box: Toolbox, network: FakeNetwork) -> None:
    offered = {spec.name for spec in tool_specs(box.tools)}
    assert not offered & set(network_tools(network))
    write = {"device": LIGHT, "cluster": "on_off", "attribute": 1, "value": 1}
    assert (await _call(box, "write_attribute", "shell", **write)).outcomes[0].state == 1
    with pytest.raises(NotAllowedError):
        await _call(box, "write_attribute", "model", **write)
    with pytest.raises(NotAllowedError):
        await _call(box, "remove_device", "agent", device=LIGHT)
    command: dict[str, Any] = {"cluster": "0x0101", "command": 1}
    asked = await _call(box, "send_cluster_command", "shell", device=LOCK, **command)
    assert asked.question is not None
    # A lock that nobody has set up yet is not opened behind the question's back.
    with pytest.raises(NotFoundError):
        await _call(box, "send_cluster_command", "shell", device="00:11", **command)
    assert network.done == [("write", LIGHT, "on_off", 1, 1, None)]


async def _call(box: Toolbox, name: str, source: Source, **arguments: Any) -> ToolResult:
    return await box.call(ToolCall(name=name, arguments=arguments), source=source, turn_id="t")


async def _lines(database: Database) -> list[tuple[str, str, str]]:
    rows = await database.read("SELECT tool, source, outcome FROM audit ORDER BY rowid")
    return [(str(tool), str(source), str(outcome)) for tool, source, outcome in rows]
