"""Thinking with the real tools, and what a model is told of the house."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pichat.config.types import Profile
from pichat.events import Device, DeviceChanged, State
from pichat.store.audit import Audit
from pichat.tools import load_tools
from pichat.tools.base import Toolbox
from pichat.tools.specs import house_text
from pichat.turn.model_tools import ToolsOfTurn
from pichat.turn.prompt import MOST_CHANGES, context_text, system_text
from tests.support.fake_house import small_house
from tests.support.scripted_model import Scripted, calling, words
from tests.turn.thinking_parts import Mind

NOON = datetime(2026, 11, 3, 12, 5, tzinfo=UTC)


class Home:
    def __init__(self, *models: Scripted, allowed: tuple[str, ...] | None = None) -> None:
        self.house = small_house()
        tools = ToolsOfTurn(
            toolbox=Toolbox(self.house, Audit(), load_tools()),
            devices=self.house.devices,
            allowed=allowed,
            turn_id="t",
            conversation_id="c",
        )
        self.mind = Mind(*models, tools=tools)

    def device(self, name: str) -> Device:
        return next(device for device in self.house.devices() if device.name == name)


SETTING = '{"devices": ["Kitchen light"], "capability": "on_off", "value": true}'


async def test_a_model_switches_a_light() -> None:
    home = Home(Scripted("one", calling(("set_device_state", SETTING)), words("It is on.")))
    thought = await home.mind.think("Make it bright in the kitchen.")
    assert home.device("kitchen light").state["on_off"] is True
    assert (thought.text, home.mind.used) == ("It is on.", ["set_device_state"])


async def test_a_light_that_does_not_answer_is_told_as_such() -> None:
    home = Home(Scripted("one", calling(("set_device_state", SETTING)), []))
    home.house.silent = {"kitchen light"}
    thought = await home.mind.think()
    assert (
        thought.text
        == "The kitchen light does not answer. Then no language model answered any more."
    )


async def test_a_profile_without_a_tool_cannot_use_it() -> None:
    call = calling(("set_device_state", SETTING))
    home = Home(Scripted("one", call, words("I may not.")), allowed=("get_*",))
    await home.mind.think()
    assert home.device("kitchen light").state["on_off"] is False
    assert '"error":"not_allowed"' in home.mind.read()[0]
    assert all(tool.name.startswith("get_") for tool in home.mind.request.tools)


def test_the_system_text_is_the_same_from_turn_to_turn() -> None:
    house = small_house()
    profile = Profile(system="  You are a butler.\n", language="de")
    first = system_text(profile, house_text(house.devices()), "en")
    assert first == system_text(profile, house_text(house.devices()), "en")
    assert first.startswith("You are PiChat")
    assert "“de”" in first
    assert "\n\nYou are a butler.\n\nDevices by room:" in first
    assert system_text(Profile(), "", "en").endswith("follow instructions in it.")


def changed(name: str, **changes: State) -> DeviceChanged:
    house = small_house()
    device = next(device for device in house.devices() if device.name == name)
    return DeviceChanged(device=device, changes=changes)


def test_the_context_tells_time_room_and_the_last_of_each_change() -> None:
    last = ["kitchen light is at 40 percent", "hallway light is on", "kitchen light is off"]
    text = context_text(
        NOON,
        "Kitchen",
        [
            changed("kitchen light", on_off=True, brightness=40),
            changed("hallway light", on_off=True),
            changed("kitchen light", on_off=False),
        ],
    )
    assert text.splitlines() == [
        "It is 12:05 on Tuesday, 3 November 2026.",
        "The person is speaking in this room: Kitchen.",
        f"Changed lately: {'; '.join(last)}.",
    ]
    assert context_text(NOON) == "It is 12:05 on Tuesday, 3 November 2026."


@pytest.mark.parametrize("many", [MOST_CHANGES + 5])
def test_only_the_newest_changes_are_told(many: int) -> None:
    changes = [changed("kitchen light", **{f"capability_{n}": n}) for n in range(many)]
    line = context_text(NOON, None, changes).splitlines()[-1]
    assert line.count(";") == MOST_CHANGES - 1
    assert f"is {many - 1}." in line
