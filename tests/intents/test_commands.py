"""English sentences to what they do."""

from __future__ import annotations

import statistics
import time
from typing import Any

import msgspec
import pytest

from pichat.errors import ConfigError
from pichat.intents.gate import first_understood
from pichat.intents.understand import Intents
from tests.intents.effects import effects, expected, home_commands, other_speech
from tests.intents.house import BRIGHTNESS, HOUSE, ON_OFF, device

LIGHTS = ("Bedroom light", "Hallway light", "Kitchen light", "Living room lamp")


@pytest.fixture(scope="module")
def english() -> Intents:
    intents = Intents("en", lambda: HOUSE)
    intents.warm()
    return intents


@pytest.mark.parametrize("command", home_commands(), ids=lambda command: str(command["say"]))
def test_home_commands(english: Intents, command: dict[str, Any]) -> None:
    understood = english.understand(command["say"])
    assert understood is not None
    assert effects(understood.calls, HOUSE) == expected(command)


@pytest.mark.parametrize("text", other_speech())
def test_other_speech_means_nothing(english: Intents, text: str) -> None:
    assert english.understand(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "play some jazz",
        "add milk to the shopping list",
        "set a timer for five minutes",
        "start the vacuum",
        "kitchen light",  # a name alone is no command
        "unlock all the doors",  # only by name
        "unlock everything",
        "turn on the bathroom lights",  # there are none
        "turn on the garage light",
        "set the office plug to blue",
        "set the kitchen light to black",
        "turn on the front door lock",
        "",
        "   ",
        "turn on " * 200,
        "{name} [on]",
    ],
)
def test_not_understood(english: Intents, text: str) -> None:
    assert english.understand(text) is None


def test_everything_off_spares_locks_and_thermostats(english: Intents) -> None:
    understood = english.understand("turn everything off")
    assert understood is not None
    assert {name for _, _, name, _ in effects(understood.calls, HOUSE)} == {*LIGHTS, "Office plug"}


def test_lights_mean_the_speakers_room(english: Intents) -> None:
    here = english.understand("turn off the lights", area="Kitchen")
    assert here is not None
    assert effects(here.calls, HOUSE) == {("set_device_state", "on_off", "Kitchen light", False)}
    anywhere = english.understand("turn off the lights")
    assert anywhere is not None
    assert {name for _, _, name, _ in effects(anywhere.calls, HOUSE)} == set(LIGHTS)


@pytest.mark.parametrize(
    ("text", "capability", "value"),
    [
        ("Turn the kitchen light UP to 40%!", "brightness", 40),
        ("kitchen light to 0 percent", "on_off", False),
        ("make the kitchen light brighter", "brightness", 20),  # it is off: from nothing
        ("set the kitchen light to white", "colour_temperature", 4000),
        ("set the bedroom thermostat to 20.5 degrees", "target_temperature", 20.5),
        ("set the colour of the living room lamp to red", "colour", (0, 100)),
    ],
)
def test_values(english: Intents, text: str, capability: str, value: object) -> None:
    understood = english.understand(text)
    assert understood is not None
    assert {(c, v) for _, c, _, v in effects(understood.calls, HOUSE)} == {(capability, value)}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Lamp 2", "turn on lamp two"),
        ("Lamp 2", "turn on lamp 2"),
        ("Büro-Licht", "turn on the büro licht"),
        ("Büro-Licht", "turn on büro-licht"),
        ("Emma's lamp (left)", "turn on emma's lamp left"),
        ("Салон", "turn on салон"),
        ("R&B {x} <the> [lamp]|", "turn on r b x the lamp"),
        ("  ", "turn off everything"),
    ],
)
def test_unusual_names(name: str, said: str) -> None:
    house = (device(1, name, None, "light", (ON_OFF,), {}),)
    understood = Intents("en", lambda: house).understand(said)
    assert understood is not None
    assert {name for _, _, name, _ in effects(understood.calls, house)} == {name}


def test_equal_names_are_told_apart_by_room_or_not_at_all() -> None:
    house = (
        device(1, "Lamp", "Kitchen", "light", (ON_OFF, BRIGHTNESS), {}),
        device(2, "Lamp", "Bedroom", "light", (ON_OFF, BRIGHTNESS), {}),
    )
    intents = Intents("en", lambda: house)
    assert intents.understand("set lamp to 50 percent") is None
    here = intents.understand("set lamp to 50 percent", area="Bedroom")
    assert here is not None
    assert here.calls[0].arguments["target"] == {"devices": [house[1].id]}
    said = intents.understand("turn on the lamp in the kitchen")
    assert said is not None
    assert effects(said.calls, house[:1]) == {("set_device_state", "on_off", "Lamp", True)}


def test_refresh_after_a_rename() -> None:
    house = list(HOUSE)
    intents = Intents("en", lambda: house)
    assert intents.understand("turn on the wizard") is None
    house[0] = msgspec.structs.replace(house[0], name="Wizard")
    intents.refresh()
    understood = intents.understand("turn on the wizard")
    assert understood is not None
    assert understood.calls[0].arguments["target"] == {"devices": [house[0].id]}
    assert intents.understand("turn on the kitchen light and the hallway light") is None


def test_steps_follow_the_state_even_when_said_twice() -> None:
    house = list(HOUSE)
    intents = Intents("en", lambda: house)
    first = intents.understand("dim the bedroom light")
    house[1] = msgspec.structs.replace(house[1], state={"on_off": True, "brightness": 30})
    second = intents.understand("dim the bedroom light")
    assert first is not None
    assert second is not None
    values = [u.calls[0].arguments["value"] for u in (first, second)]
    assert values == [30, 10]


def test_the_gate_takes_the_first_whole_command(english: Intents) -> None:
    heard = (
        "turn on the kitchen nights",
        "turn on the kitchen light",
        "turn off the kitchen light",
    )
    found = first_understood(english, heard)
    assert found is not None
    assert found[0] == "turn on the kitchen light"
    assert first_understood(english, ("what is the capital of france",)) is None


def test_unknown_language_suggests() -> None:
    with pytest.raises(ConfigError, match="Did you mean “pt-BR”"):
        Intents("pt-br", tuple)
    with pytest.raises(ConfigError, match="Did you mean “de”"):
        Intents("de_AT", tuple)


def test_quick_enough_for_a_command_path(english: Intents) -> None:
    """A bound that only a defect exceeds; the bench has the figure."""
    fresh = Intents("en", lambda: HOUSE)
    fresh.warm()
    times_s = []
    for command in home_commands():
        started_s = time.thread_time()
        fresh.understand(command["say"])
        times_s.append(time.thread_time() - started_s)
    assert statistics.median(times_s) < 0.02
