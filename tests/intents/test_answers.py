"""Answers: what was done, what is so, and what failed."""

from __future__ import annotations

import pytest

from pichat.intents.understand import Intents
from tests.intents.effects import carried_out
from tests.intents.house import BRIGHTNESS, HOUSE, ON_OFF, device


@pytest.fixture(scope="module")
def english() -> Intents:
    return Intents("en", lambda: HOUSE)


def answer(intents: Intents, text: str, failing: dict[str, str] | None = None) -> str:
    understood = intents.understand(text)
    assert understood is not None
    return intents.answer(understood, carried_out(understood, HOUSE, failing))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("turn on the kitchen light", "Turned on the kitchen light."),
        ("turn off all the lights", "Turned off all 4 lights."),
        ("everything off", "Turned off everything."),
        ("set the kitchen light to 50 percent", "Set the kitchen light to 50 percent."),
        ("set the living room lamp to blue", "Set the living room lamp to blue."),
        ("set the kitchen light to warm white", "Set the kitchen light to warm white."),
        ("set the bedroom thermostat to 21 degrees", "Set the bedroom thermostat to 21 degrees."),
        ("close the living room blinds", "Closed the living room blinds."),
        ("lock the front door", "Locked the front door."),
        ("is the front door locked", "Yes, the front door lock is locked."),
        ("is the front door open", "No, the front door is closed."),
        ("are the living room blinds open", "Yes, the living room blinds are open."),
        ("which lights are on", "The bedroom light and the living room lamp are on."),
        ("how many lights are on", "2: the bedroom light and the living room lamp."),
        ("are all the lights on", "No, the hallway light and the kitchen light are off."),
        ("is there motion in the hallway", "No, there is no motion in the hallway."),
        ("what is the temperature in the bathroom", "The bathroom is 21.5 degrees."),
        ("what is the humidity in the bathroom", "The humidity in the bathroom is 55 percent."),
        ("what is the bedroom thermostat set to", "The bedroom thermostat is set to 20 degrees."),
        ("how much power is the office plug using", "The office plug is using 12.5 watts."),
        ("what time is it", "It is 1:05 PM."),
        ("what is the date today", "It is Saturday, November 21st, 2026."),
    ],
)
def test_english(english: Intents, text: str, says: str) -> None:
    assert answer(english, text) == says


def test_partial_failure_is_told_and_counted(english: Intents) -> None:
    says = answer(english, "turn off all the lights", {"Hallway light": "device_silent"})
    assert says == "Turned off 3 of 4 lights; the hallway light does not answer."


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("device_silent", "The kitchen light does not answer."),
        ("not_confirmed", "The kitchen light did not do it."),
        ("unavailable", "The Kitchen light failed."),
    ],
)
def test_nothing_is_done_when_it_failed(english: Intents, code: str, says: str) -> None:
    assert answer(english, "turn on the kitchen light", {"Kitchen light": code}) == says


def test_a_question_is_answered_as_far_as_known(english: Intents) -> None:
    says = answer(english, "which lights are on", {"Bedroom light": "device_silent"})
    assert says == "The living room lamp is on. The bedroom light does not answer."


@pytest.mark.parametrize(
    ("language", "text", "says", "silent"),
    [
        ("de", "schalte Tumba ein", "Licht eingeschaltet", "unerwarteter Fehler"),
        ("fr", "allume Tumba", "Allumé", "Une erreur est intervenue"),
        ("nl", "zet Tumba uit", "", ""),
    ],
)
def test_other_languages(language: str, text: str, says: str, silent: str) -> None:
    house = (device(1, "Tumba", "Zeno", "light", (ON_OFF, BRIGHTNESS), {"on_off": False}),)
    intents = Intents(language, lambda: house)
    understood = intents.understand(text)
    assert understood is not None
    done = intents.answer(understood, carried_out(understood, house))
    failed = intents.answer(understood, carried_out(understood, house, {"Tumba": "device_silent"}))
    assert done
    assert says in done
    assert silent in failed
    assert "Tumba" in failed
    assert done not in failed


def test_a_question_in_german() -> None:
    house = (device(1, "Tumba", "Zeno", "light", (ON_OFF,), {"on_off": False}),)
    intents = Intents("de", lambda: house)
    understood = intents.understand("ist Tumba an")
    assert understood is not None
    assert intents.answer(understood, carried_out(understood, house)) == "Nein, aus"


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "language model"), ("de", "Entschuldigung"), ("fr", "Désolé")],
)
def test_what_is_not_understood_is_said_in_the_language(language: str, says: str) -> None:
    assert says in Intents(language, lambda: HOUSE).not_understood()
