"""Every tool through the toolbox, as each caller uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pichat.errors import (
    BadRequestError,
    BusyError,
    NotFoundError,
    PiChatError,
    UnsupportedError,
)
from pichat.events import State, ToolCall, ToolResult
from pichat.store.audit import Audit, open_audit
from pichat.store.db import open_database
from pichat.tools import load_tools
from pichat.tools.base import NoArguments, Toolbox, tool
from tests.support.fake_house import FakeHouse, small_house


class Bench:
    """A toolbox with the house behind it."""

    def __init__(self) -> None:
        self.house: FakeHouse = small_house()
        self.audit = Audit()
        self.box = Toolbox(self.house, self.audit, load_tools())

    async def call(self, name: str, **arguments: Any) -> ToolResult:
        call = ToolCall(name=name, arguments=arguments)
        return await self.box.call(call, source="shell", turn_id="t")

    def is_on(self, name: str) -> bool:
        return next(d.state["on_off"] is True for d in self.house.devices() if d.name == name)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_device_by_name_or_id(bench: Bench) -> None:
    for wanted in ("Kitchen Light", "id of kitchen light"):
        result = await bench.call(
            "set_device_state", target={"devices": [wanted]}, capability="on_off", value=True
        )
        assert [(o.device_name, o.state, o.ok) for o in result.outcomes] == [
            ("kitchen light", True, True)
        ]
    assert bench.is_on("kitchen light")


async def test_all_of_a_kind(bench: Bench) -> None:
    result = await bench.call(
        "set_device_state", target={"kinds": ["light"]}, capability="on_off", value=False
    )
    assert [o.device_name for o in result.outcomes] == ["hallway light", "kitchen light"]
    assert bench.is_on("office plug")


async def test_everything_in_a_room(bench: Bench) -> None:
    result = await bench.call(
        "set_device_state", target={"area": "hallway"}, capability="on_off", value=False
    )
    assert [o.device_name for o in result.outcomes] == ["hallway light"]


async def test_one_silent_device_does_not_hide_the_others(bench: Bench) -> None:
    bench.house.silent = {"hallway light"}
    result = await bench.call("set_device_state", target={}, capability="on_off", value=False)
    assert not result.ok
    failed = [o for o in result.outcomes if not o.ok]
    assert [(o.error_code, o.error, o.state) for o in failed] == [
        ("device_silent", "The hallway light does not answer.", None)
    ]
    assert not bench.is_on("office plug")


async def test_reading(bench: Bench) -> None:
    result = await bench.call(
        "get_device_state", target={"area": "Bathroom"}, capability="temperature"
    )
    assert [o.state for o in result.outcomes] == [21.5]


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("dance", {}, NotFoundError, "no tool called “dance”"),
        ("set_device_state", {"capability": "on_off", "value": True}, BadRequestError, "target"),
        ("set_device_state", {"target": {"rooms": 1}}, BadRequestError, "rooms"),
        (
            "get_device_state",
            {"target": {"devices": ["toaster"]}, "capability": "on_off"},
            NotFoundError,
            "no device called “toaster”",
        ),
        (
            "get_device_state",
            {"target": {"area": "attic"}, "capability": "on_off"},
            NotFoundError,
            "no room called “attic”",
        ),
        (
            "get_device_state",
            {"target": {"devices": ["kitchen light"]}, "capability": "cover_position"},
            UnsupportedError,
            "The kitchen light has no cover position.",
        ),
        (
            "get_device_state",
            {"target": {"area": "Kitchen"}, "capability": "lock"},
            NotFoundError,
            "no device for that in the Kitchen",
        ),
    ],
)
async def test_what_cannot_be_tried_says_why(
    bench: Bench, name: str, arguments: dict[str, Any], error: type[PiChatError], said: str
) -> None:
    with pytest.raises(error, match=said):
        await bench.call(name, **arguments)


async def test_the_clock(bench: Bench) -> None:
    assert len((await bench.call("get_time")).value.split(":")) == 3
    assert len((await bench.call("get_date")).value.split("-")) == 3


async def test_every_call_leaves_a_line_whatever_came_of_it(tmp_path: Path) -> None:
    async with (
        open_database(tmp_path / "pichat.db") as database,
        open_audit(database) as audit,
    ):
        box = Toolbox(small_house(), audit, load_tools())
        good = ToolCall(name="get_time", arguments={})
        bad = ToolCall(name="dance", arguments={"fast": True})
        await box.call(good, source="voice", turn_id="1")
        with pytest.raises(NotFoundError):
            await box.call(bad, source="agent", turn_id="2")
        await asyncio.wait_for(audit.flushed(), 5)
        rows = await database.read("SELECT turn_id, source, tool, arguments, outcome FROM audit")
    assert rows == [
        ("1", "voice", "get_time", "{}", "ok"),
        ("2", "agent", "dance", '{"fast":true}', "not_found"),
    ]


class BrokenHouse(FakeHouse):
    """Hangs, or fails in a way that nobody has thought of."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__(*small_house().devices())
        self._hangs = hangs
        self.asked = asyncio.Event()

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        self.asked.set()
        if self._hangs:
            await asyncio.Event().wait()
        raise ZeroDivisionError


@pytest.mark.parametrize(("hangs", "outcome"), [(True, "cancelled"), (False, "internal")])
async def test_a_call_that_did_not_come_to_its_end_is_not_recorded_as_done(
    tmp_path: Path, hangs: bool, outcome: str
) -> None:
    call = ToolCall(
        name="set_device_state",
        arguments={"target": {"devices": ["office plug"]}, "capability": "on_off", "value": True},
    )
    async with (
        open_database(tmp_path / "pichat.db") as database,
        open_audit(database) as audit,
    ):
        house = BrokenHouse(hangs=hangs)
        box = Toolbox(house, audit, load_tools())
        calling = asyncio.create_task(box.call(call, source="voice", turn_id="1"))
        await house.asked.wait()
        if hangs:
            calling.cancel()
        with pytest.raises((asyncio.CancelledError, ZeroDivisionError)):
            await calling
        await asyncio.wait_for(audit.flushed(), 5)
        assert await database.read("SELECT outcome FROM audit") == [(outcome,)]


async def test_what_cannot_be_recorded_is_not_done(bench: Bench) -> None:
    with pytest.raises(BusyError):
        for _ in range(2000):
            await bench.call("get_time")
    with pytest.raises(BusyError):
        await bench.call(
            "set_device_state",
            target={"devices": ["kitchen light"]},
            capability="on_off",
            value=True,
        )
    assert not bench.is_on("kitchen light")


def test_a_name_is_registered_once() -> None:
    load_tools()
    with pytest.raises(TypeError, match="registered twice"):

        @tool("get_time", NoArguments, "read")
        async def again(house: object, arguments: NoArguments) -> ToolResult:
            return ToolResult()


def test_every_tool_says_what_it_does() -> None:
    assert all(tool.description for tool in load_tools().values())
