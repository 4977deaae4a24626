"""Sentences that are offered are understood, in every language, and about harmless things."""

from pathlib import Path

import pytest
import yaml
from msgspec import structs

from pichat.bus import Bus
from pichat.events import Device
from pichat.intents import offers as module
from pichat.intents.offers import offers
from pichat.intents.understand import Intents
from tests.gateway.fakes import default_house, make

FOLDER = Path(module.__file__).parent / "extra" / "offers"
QUICK = ("en", "de")
WRITTEN = [
    pytest.param(path.stem, marks=[] if path.stem in QUICK else pytest.mark.long)
    for path in sorted(FOLDER.glob("*.yaml"))
]
HOUSE = default_house(Bus()).devices()


def offered(language: str, devices: tuple[Device, ...]) -> tuple[str, ...]:
    intents = Intents(language, lambda: devices)
    return offers(language, devices, intents.understand, intents.sentences)


def test_in_english_one_of_each_kind() -> None:
    assert offered("en", HOUSE) == (
        "Turn on the kitchen light",
        "Set the kitchen light to 40 percent",
        "What is the temperature in the bathroom?",
    )
    blinds = make(1, "Emma's blinds", "Attic", "cover", cover_position=70)
    door = make(2, "Front door", "Hall", "sensor", contact=False)
    assert offered("en", (blinds, door)) == (
        "Close the Emma's blinds",
        "Is the front door open?",
        "What time is it?",
    )
    assert offered("en", ()) == ("What time is it?",)


def test_a_device_that_does_not_answer_comes_last_and_a_lock_never() -> None:
    lock = make(1, "Front door lock", "Hall", "lock", lock=True)
    plug = make(3, "Boiler", "Hall", "plug", on_off=True)
    marked = make(4, "Gate", "Hall", "plug", on_off=True)
    lamp = make(2, "Lamp", "Hall", "light", on_off=False)
    devices = (lock, structs.replace(marked, confirm=True), plug)
    gone = structs.replace(lamp, available=False)
    assert offered("en", (*devices, lamp))[0] == "Turn on the lamp"
    assert offered("en", (*devices, gone))[0] == "Turn on the boiler"
    assert not any("door" in text or "gate" in text for text in offered("en", (*devices, lamp)))


@pytest.mark.parametrize("language", WRITTEN)
def test_each_sentence_that_is_written_is_understood(language: str) -> None:
    """By its own device: one that is not would never be offered."""
    intents = Intents(language, lambda: HOUSE)
    path = FOLDER / f"{language}.yaml"
    names = {
        "on_off": "Kitchen light",
        "brightness": "Kitchen light",
        "cover_position": "Living room blinds",
        "target_temperature": "Bedroom thermostat",
        "contact": "Front door",
        "power": "Office plug",
    }
    for sentences in yaml.safe_load(path.read_text(encoding="utf-8")).values():
        for capability, sentence in sentences.items():
            text = sentence.format(name=names.get(capability), area="Bathroom")
            assert intents.understand(text) is not None, text


@pytest.mark.long
@pytest.mark.parametrize("language", ["sv", "pl", "cs", "pt", "da"])
def test_where_none_are_written_some_are_found(language: str) -> None:
    intents = Intents(language, lambda: HOUSE)
    found = offers(language, HOUSE, intents.understand, intents.sentences)
    assert found
    assert all(intents.understand(text) for text in found)
