"""What a shell shows of the house."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console

from pichat.cli.devices import ago, event_in_words, table_of


def device(name: str, **state: Any) -> dict[str, Any]:
    units = {"temperature": "°C", "brightness": "%"}
    return {
        "name": name,
        "area": "Kitchen",
        "kind": "light",
        "available": True,
        "capabilities": [{"name": key, "unit": units.get(key)} for key in state],
        "state": state,
        "sleepy": False,
        "waiting": {},
        "last_seen_s": None,
    }


def shown(*devices: dict[str, Any]) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table_of(list(devices)))
    return capture.get()


def test_states_are_in_words_and_the_main_one_comes_first() -> None:
    colour = {"hue_deg": 120.0, "saturation_percent": 80.0}
    text = shown(device("lamp", brightness=60, on_off=True, temperature=21.5, colour=colour))
    assert "on, 21.5°C, 60%, hue 120° saturation 80%" in text


def test_when_it_was_last_heard_from_and_what_waits() -> None:
    valve = device("valve", target_temperature=20)
    valve |= {"sleepy": True, "waiting": {"target_temperature": 21}, "last_seen_s": time.time()}
    assert "set to 20; when it wakes: set to 21" in shown(valve)
    assert "just now" in shown(valve)
    valve |= {"available": False, "waiting": {}, "last_seen_s": time.time() - 7200}
    assert "not heard from (last: set to 20)" in shown(valve)
    assert "2 h ago" in shown(valve)
    assert "does not answer (last: on)" in shown(device("lamp", on_off=True) | {"available": False})
    assert [ago(then_s, 1e6) for then_s in (None, 1e6, 1e6 - 119, 1e6 - 7199, 1e6 - 172_800)] == [
        "never",
        "just now",
        "1 min ago",
        "119 min ago",
        "2 days ago",
    ]


def test_a_name_that_looks_like_markup_is_a_name() -> None:
    assert "[/] [bold]lamp" in shown(device("[/] [bold]lamp", on_off=False))


def test_words_and_answers_to_a_question_are_states_too() -> None:
    assert "leak, fan medium" in shown(device("fan", fan_mode="medium", water_leak=True))
    assert "running: yes, mode heat" in shown(
        device("stove", thermostat_mode="heat", running=True, power_on_behaviour="off")
    )


def test_what_happens_is_a_line() -> None:
    pressed = {"device_id": "00", "device_name": "hall remote", "button": "up", "press": "hold"}
    assert (
        event_in_words({"action": "button_pressed", "payload": pressed}) == "hall remote: up hold"
    )
    lamp = device("lamp", on_off=True, brightness=40)
    changed = {"action": "device_changed", "payload": {"device": lamp, "changes": {"on_off": True}}}
    assert event_in_words(changed) == "lamp: on"
    changed["payload"] = {"device": lamp, "changes": {}}
    assert event_in_words(changed) is None
    assert event_in_words({"action": "device_added", "payload": {"device": lamp}}) == "lamp: joined"
    assert event_in_words({"action": "groups_changed", "payload": {"groups": []}}) is None
