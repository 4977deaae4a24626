"""What is missing, what waits, and which batteries are low: asked and told."""

from __future__ import annotations

import time

import pytest
from msgspec import structs

from pichat.events import Device, DeviceOutcome, ToolResult
from pichat.intents.understand import Intents
from pichat.moments import since, when
from tests.intents.house import HOUSE

DAY_S = 86_400.0
NOW_S = time.time()
SEEN_S = NOW_S - 2 * DAY_S


def house(*missing: str, batteries: dict[str, int] | None = None) -> list[Device]:
    """The default house without those."""
    charges = batteries or {}
    return [
        structs.replace(
            device,
            available=device.name not in missing,
            last_seen_s=SEEN_S if device.name in missing else NOW_S,
            state=device.state
            | ({"battery": charges[device.name]} if device.name in charges else {}),
        )
        for device in HOUSE
    ]


def told(devices: list[Device], text: str, *outcomes: DeviceOutcome) -> str:
    intents = Intents("en", lambda: devices)
    understood = intents.understand(text)
    assert understood is not None, text
    return intents.answer(understood, [ToolResult(outcomes=outcomes)])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("is anything not responding", "No, everything answers."),
        ("which devices are offline", "None; everything answers."),
        ("which sensors don't respond", "None; everything answers."),
        ("are all devices working", "Yes, all 11 answer."),
        ("is everything okay", "Yes, all 11 answer."),
        ("are any batteries low", "No; the lowest is that of the front door lock, 60 percent."),
        ("which batteries are low", "None; the lowest is that of the front door lock, 60 percent."),
    ],
)
def test_all_is_well(text: str, says: str) -> None:
    assert told(house(), text) == says


def test_what_is_missing_is_told_with_its_time() -> None:
    devices = house("Hallway motion")
    gone = f"the hallway motion has not been heard from {since(SEEN_S, NOW_S)}."
    assert told(devices, "is anything not responding") == f"Yes, {gone}"
    assert told(devices, "are all the devices working") == f"No, {gone}"
    assert told(devices, "which devices are offline") == gone[0].upper() + gone[1:]
    everything = house(*(device.name for device in HOUSE))
    assert told(everything, "what is offline") == (
        "None of the 11 devices can be reached at the moment."
    )


def test_low_batteries_are_told() -> None:
    devices = house(batteries={"Hallway motion": 12})
    assert told(devices, "which batteries are low") == (
        "The battery of the hallway motion is at 12 percent."
    )
    assert told(devices, "do any devices need new batteries") == (
        "Yes, the battery of the hallway motion is at 12 percent."
    )


def outcome(
    devices: list[Device], name: str, capability: str, code: str | None = None, error: str = ""
) -> DeviceOutcome:
    [device] = [each for each in devices if each.name == name]
    return DeviceOutcome(
        device_id=device.id,
        device_name=name,
        capability=capability,
        state=None if code else device.state[capability],
        error_code=code,
        error=error or None,
    )


def test_the_last_value_of_what_is_missing_is_told_with_its_time() -> None:
    devices = house("Bathroom sensor", "Front door")
    asked = outcome(devices, "Bathroom sensor", "temperature")
    assert told(devices, "what is the temperature in the bathroom", asked) == (
        f"The bathroom was 21.5 degrees {when(SEEN_S, NOW_S)}; the bathroom sensor has not been"
        " heard from since."
    )
    asked = outcome(devices, "Front door", "contact")
    assert told(devices, "is the front door open", asked) == (
        f"The front door was closed {when(SEEN_S, NOW_S)}; the front door has not been heard from"
        " since."
    )


def test_a_light_that_does_not_answer_was_last_heard_from_some_time() -> None:
    devices = house("Hallway light")
    silent = outcome(devices, "Hallway light", "on_off", "device_silent", "Silent.")
    assert told(devices, "turn on the hallway light", silent) == (
        f"The hallway light does not answer; it was last heard from {when(SEEN_S, NOW_S)}."
    )
    assert told(devices, "is the hallway light on", silent) == (
        f"The hallway light was off {when(SEEN_S, NOW_S)}; the hallway light has not been heard"
        " from since."
    )


def test_what_sleeps_is_neither_done_nor_failed() -> None:
    devices = house()
    sentence = "The hallway light is asleep. It will be turned off when it wakes, else I tell you."
    waits = outcome(devices, "Hallway light", "on_off", "waiting", sentence)
    off = "turn off all the lights"
    assert told(devices, off, waits) == sentence
    done = [outcome(devices, f"{name} light", "on_off") for name in ("Kitchen", "Bedroom")]
    assert told(devices, off, *done, waits) == f"Turned off 2 of 3 lights. {sentence}"
    silent = outcome(devices, "Kitchen light", "on_off", "device_silent", "Silent.")
    assert told(devices, off, silent, waits) == f"The kitchen light does not answer. {sentence}"
    both = [waits, outcome(devices, "Bedroom light", "on_off", "waiting", sentence)]
    assert told(devices, off, *both) == (
        "The hallway light and the bedroom light are asleep. They will be turned off when they"
        " wake; if one does not wake, I will tell you."
    )


def test_in_another_language_it_has_not_failed_either() -> None:
    devices = house()
    intents = Intents("de", lambda: devices)
    understood = intents.understand("schalte das Hallway light aus")
    assert understood is not None
    waits = outcome(devices, "Hallway light", "on_off", "waiting", "It is asleep.")
    assert intents.answer(understood, [ToolResult(outcomes=(waits,))]) == "It is asleep."
