"""What a shell shows of the house."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from pichat.cli.devices import table_of


def device(name: str, **state: Any) -> dict[str, Any]:
    units = {"temperature": "°C", "brightness": "%"}
    return {
        "name": name,
        "area": "Kitchen",
        "kind": "light",
        "available": True,
        "capabilities": [{"name": key, "unit": units.get(key)} for key in state],
        "state": state,
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


def test_a_name_that_looks_like_markup_is_a_name() -> None:
    assert "[/] [bold]lamp" in shown(device("[/] [bold]lamp", on_off=False))
