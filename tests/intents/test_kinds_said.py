"""What is said to fans, sirens, slats, thermostats, and about what is in the air."""

from __future__ import annotations

from typing import Any

import pytest

from pichat.events import Capability, Device, DeviceOutcome, State, ToolResult
from pichat.intents.complete import Completeness
from pichat.intents.fitting import fitting
from pichat.intents.language import load
from pichat.intents.sentences import Sampler
from pichat.intents.understand import Intents
from tests.intents.house import HOUSE, device


def can(name: str, unit: str | None = None, *options: str) -> Capability:
    return Capability(name=name, unit=unit, writable=True, options=options)


ON_OFF = can("on_off")
MODE = can("thermostat_mode", None, "off", "heat", "cool", "auto")
FAN_MODE = can("fan_mode", None, "off", "low", "medium", "high", "auto")
MORE: tuple[Device, ...] = (
    device(
        40, "Ceiling fan", "Bedroom", "fan", (ON_OFF, FAN_MODE, can("fan_speed", "%")),
        {"on_off": True, "fan_mode": "high", "fan_speed": 100},
    ),
    device(41, "Hall siren", "Hallway", "siren", (can("siren"),), {}),
    device(
        42, "Study blinds", "Study", "cover",
        (can("cover_motion", None, "open", "close", "stop"), can("cover_position", "%"),
         can("tilt", "%")),
        {"cover_position": 50, "tilt": 30},
    ),
    device(
        43, "Study thermostat", "Study", "thermostat",
        (MODE, can("target_temperature", "°C"), can("running_state")),
        {"thermostat_mode": "heat", "running_state": "idle"},
    ),
    device(
        44, "Bedroom air", "Bedroom", "sensor",
        (Capability(name="co2", unit="ppm"), Capability(name="pm25"), Capability(name="pressure")),
        {"co2": 840.0, "pm25": 7.5, "pressure": 1013.2},
    ),
    device(45, "Bath leak", "Bathroom", "sensor", (Capability(name="water_leak"),), {}),
    device(46, "Attic smoke", "Attic", "sensor", (Capability(name="smoke"),), {}),
    device(47, "Left switch", "Hallway", "switch", (ON_OFF,), {"on_off": False}),
    device(48, "Dimmer", "Hallway", "remote", (Capability(name="battery"),), {"battery": 50}),
)  # fmt: skip
WHOLE = (*HOUSE, *MORE)
IDS = {one.name: one.id for one in WHOLE}


@pytest.fixture(scope="module")
def intents() -> Intents:
    made = Intents("en", lambda: WHOLE)
    made.warm()
    return made


def on(name: str, capability: str, value: Any) -> dict[str, Any]:
    return {"target": {"devices": [IDS[name]]}, "capability": capability, "value": value}


def all_of(kind: str, capability: str, value: Any, area: str | None = None) -> dict[str, Any]:
    target: dict[str, Any] = {"kinds": [kind]}
    if area:
        target = {"area": area, **target}
    return {"target": target, "capability": capability, "value": value}


@pytest.mark.parametrize(
    ("said", "arguments"),
    [
        ("turn on the fan", all_of("fan", "on_off", True)),
        ("turn off the ceiling fan", on("Ceiling fan", "on_off", False)),
        ("set the fan to high", all_of("fan", "fan_mode", "high")),
        ("set the ceiling fan to low", on("Ceiling fan", "fan_mode", "low")),
        ("set the fan to 50 percent", all_of("fan", "fan_speed", 50)),
        ("set the ceiling fan to 50 percent", on("Ceiling fan", "fan_speed", 50)),
        ("turn on the siren", all_of("siren", "siren", True)),
        ("turn off the hall siren", on("Hall siren", "siren", False)),
        ("silence the siren", all_of("siren", "siren", False)),
        ("tilt the blinds to 50 percent", all_of("cover", "tilt", 50)),
        ("tilt the study blinds to 20 percent", on("Study blinds", "tilt", 20)),
        ("stop the blinds", all_of("cover", "cover_motion", "stop")),
        ("stop the study blinds", on("Study blinds", "cover_motion", "stop")),
        ("set the thermostat to heat", all_of("thermostat", "thermostat_mode", "heat")),
        ("set the study thermostat to off", on("Study thermostat", "thermostat_mode", "off")),
        ("turn off the study thermostat", on("Study thermostat", "thermostat_mode", "off")),
        ("turn off the heating", all_of("thermostat", "thermostat_mode", "off")),
        (
            "set the heating in the study to cool",
            all_of("thermostat", "thermostat_mode", "cool", "Study"),
        ),
        ("turn on the left switch", on("Left switch", "on_off", True)),
    ],
)
def test_commands(intents: Intents, said: str, arguments: dict[str, Any]) -> None:
    understood = intents.understand(said)
    assert understood is not None
    assert [call.arguments for call in understood.calls] == [arguments]


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("is there a leak", ["water_leak"]),
        ("is there a leak in the bathroom", ["water_leak"]),
        ("is there smoke", ["smoke"]),
        ("is there any smoke in the attic", ["smoke"]),
        ("what is the co2 in the bedroom", ["co2"]),
        ("what is the pressure", ["pressure"]),
        ("how is the air quality", ["co2", "pm25"]),
        ("what's the air quality in the bedroom", ["co2", "pm25"]),
        ("is the ceiling fan on", ["on_off"]),
        ("is the study thermostat heating", ["running_state"]),
    ],
)
def test_questions(intents: Intents, said: str, asked: list[str]) -> None:
    understood = intents.understand(said)
    assert understood is not None
    assert [call.arguments["capability"] for call in understood.calls] == asked
    assert intents.judge(said) in (Completeness.WHOLE, Completeness.COMPLETE)


@pytest.mark.parametrize(
    ("said", "results", "answer"),
    [
        ("is there a leak", [("Bath leak", "water_leak", False)], "No, there is no leak."),
        ("is there smoke", [("Attic smoke", "smoke", True)], "Yes, the attic smoke reports smoke."),
        (
            "what is the co2 in the bedroom",
            [("Bedroom air", "co2", 840.0)],
            "The CO2 level in the bedroom is 840 ppm.",
        ),
        (
            "how is the air quality",
            [("Bedroom air", "co2", 840.0), ("Bedroom air", "pm25", 7.5)],
            (
                "The CO2 level in the bedroom is 840 ppm and the fine dust in the bedroom is 7.5"
                " micrograms."
            ),
        ),
        (
            "set the fan to high",
            [("Ceiling fan", "fan_mode", "high")],
            "Set the ceiling fan to high.",
        ),
        (
            "stop the blinds",
            [("Study blinds", "cover_motion", "stop")],
            "Stopped the study blinds.",
        ),
        ("turn on the siren", [("Hall siren", "siren", True)], "Turned on the hall siren."),
        (
            "tilt the blinds to 50 percent",
            [("Study blinds", "tilt", 50)],
            "Tilted the study blinds to 50 percent.",
        ),
    ],
)
def test_answers(
    intents: Intents, said: str, results: list[tuple[str, str, State]], answer: str
) -> None:
    understood = intents.understand(said)
    assert understood is not None
    told = [
        ToolResult(
            outcomes=(
                DeviceOutcome(
                    device_id=IDS[name],
                    device_name=name,
                    capability=capability,
                    state=state,
                ),
            )
        )
        for name, capability, state in results
    ]
    assert intents.answer(understood, told) == answer


def test_a_house_without_them_has_no_sentences_about_them() -> None:
    language = load("en")
    plain, more = fitting(language, HOUSE), fitting(language, WHOLE)
    missing = {"HassFanSetSpeed", "PiChatFanMode", "PiChatSiren", "PiChatTilt", "PiChatGetAlarm"}
    assert not missing & plain.sentences.intents.keys()
    assert missing <= more.sentences.intents.keys()
    said = " ".join(Sampler(language, HOUSE).sample(2000)).split()
    assert not {"fan", "siren", "leak", "tilt"} & set(said)
    sentences = " ".join(Sampler(language, WHOLE).sample(4000)).split()
    assert {"fan", "siren", "leak", "tilt", "stop"} <= set(sentences)


@pytest.mark.parametrize("code", ["de", "fr", "nl"])
def test_fans_in_other_languages(code: str) -> None:
    said = {
        "de": "schalte ceiling fan ein",
        "fr": "allume ceiling fan",
        "nl": "zet ceiling fan aan",
    }
    understood = Intents(code, lambda: WHOLE).understand(said[code])
    assert understood is not None
    assert [call.arguments for call in understood.calls] == [on("Ceiling fan", "on_off", True)]
