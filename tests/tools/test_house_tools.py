"""Finding, overlooking and showing."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Device, ScreenCommand, ScreenSeen, Shown, ToolCall
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Show, Toolbox, nobody_shows
from pichat.tools.find_devices import MOST
from tests.intents.house import HOUSE
from tests.support.big_house import big_house
from tests.support.fake_house import FakeHouse


async def value(name: str, *devices: Device, show: Show = nobody_shows, **arguments: Any) -> Any:
    house = FakeHouse(*(devices or HOUSE))
    box = Toolbox(house, Audit(), load_tools(), show=show)
    call = ToolCall(name=name, arguments=arguments)
    return (await box.call(call, source="model", turn_id="t")).value


@pytest.mark.parametrize(
    ("arguments", "first", "count"),
    [
        ({"query": "front door"}, ["Front door", "Front door lock"], 2),
        ({"query": "kitchen lights"}, ["Kitchen light"], 4),
        ({"query": "temperature"}, ["Bathroom sensor", "Bedroom light"], 4),
        ({"area": "bedroom"}, ["Bedroom light", "Bedroom thermostat"], 2),
        ({"kind": "lock"}, ["Front door lock"], 1),
        ({"query": "light", "area": "Hallway", "kind": "light"}, ["Hallway light"], 1),
        ({"query": "toaster"}, [], 0),
        ({}, ["Bathroom sensor"], 11),
    ],
)
async def test_devices_are_found(arguments: dict[str, Any], first: list[str], count: int) -> None:
    found = (await value("find_devices", **arguments))["devices"]
    assert [device["name"] for device in found][: len(first)] == first
    assert len(found) == count


async def test_what_is_found_says_what_it_can_do_and_is() -> None:
    gone = [structs.replace(d, available=False) for d in HOUSE if d.name == "Kitchen light"]
    found = await value("find_devices", *gone)
    assert found == {
        "devices": [
            {
                "name": "Kitchen light",
                "area": "Kitchen",
                "kind": "light",
                "can": ["on_off", "brightness", "colour_temperature"],
                "state": {"on_off": False, "brightness": 50, "colour_temperature": 2700},
                "available": False,
            }
        ]
    }


async def test_a_big_house_is_not_told_whole() -> None:
    found = await value("find_devices", *big_house(), query="light")
    assert len(found["devices"]) == MOST
    assert found["more"] == 40 - MOST
    with pytest.raises(NotFoundError, match="no room called “cellar”"):
        await value("find_devices", *big_house(), area="cellar")


async def test_rooms() -> None:
    lost = structs.replace(HOUSE[0], id="x", name="Spare", area=None)
    rooms = await value("list_rooms", *HOUSE, lost)
    assert next(iter(rooms)) == "Bathroom"
    assert list(rooms)[-1] == "elsewhere"
    assert rooms["Hallway"] == {"light": 1, "lock": 1, "sensor": 2}


async def test_the_house_at_a_glance() -> None:
    unlocked = [structs.replace(d, state={"lock": False}) if d.kind == "lock" else d for d in HOUSE]
    silent = [structs.replace(d, available=False) if d.kind == "plug" else d for d in unlocked]
    assert await value("get_house_state", *silent) == {
        "on": ["Bedroom light", "Living room lamp"],
        "open": ["Living room blinds"],
        "unlocked": ["Front door lock"],
        "temperatures": {"Bathroom": 21.5, "Bedroom": 19.0},
        "do_not_answer": ["Office plug"],
    }
    [*_, more] = (
        await value(
            "get_house_state", *(structs.replace(d, state={"on_off": True}) for d in big_house())
        )
    )["on"]
    assert more == "and 70 more"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"title": "Tea", "text": "is ready"}, "notification"),
        ({"title": "Tea", "text": "how it is made " * 20}, "page"),
        ({"title": "Shopping", "items": ["milk"]}, "list"),
        ({"title": "Tea", "kind": "page"}, "page"),
    ],
)
async def test_showing(arguments: dict[str, Any], kind: str) -> None:
    told: list[ScreenCommand] = []

    async def show(command: ScreenCommand) -> Shown:
        told.append(command)
        return Shown(took=(_screen("a"), _screen("b")), sent_to=(_screen("c"),))

    assert await value("show_on_screen", show=show, target="Kitchen", **arguments) == {"screens": 3}
    (command,) = told
    assert (command.command, command.target) == (f"show_{kind}", "Kitchen")
    assert (command.kind, command.title) == (kind, arguments["title"])
    assert command.items == tuple(arguments.get("items", ()))


def _screen(name: str) -> ScreenSeen:
    return ScreenSeen(id=name, name=name)


@pytest.mark.parametrize(
    "arguments",
    [{"title": ""}, {"title": "x", "kind": "list"}, {"title": "x", "items": ["y"] * 51}],
)
async def test_what_cannot_be_shown_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        await value("show_on_screen", **arguments)
