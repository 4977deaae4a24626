"""New devices are let in by a sentence."""

from __future__ import annotations

import pytest

from pichat.events import ToolResult
from pichat.intents.understand import Intents
from tests.intents.house import HOUSE


@pytest.fixture(scope="module")
def intents() -> Intents:
    return Intents("en", lambda: HOUSE)


@pytest.mark.parametrize(
    "text",
    [
        "let a new device join",
        "let in a new device",
        "pair a new device",
        "please add a new lamp",
        "add another device",
        "start pairing",
        "allow new devices to join the network",
        "I want to add a new sensor",
        "search for new devices",
    ],
)
def test_new_devices_are_let_in(intents: Intents, text: str) -> None:
    understood = intents.understand(text)
    assert understood is not None
    [call] = understood.calls
    assert (call.name, call.arguments) == ("permit_join", {"duration_s": 120})
    assert "two minutes" in intents.answer(understood, [ToolResult(value={})])


@pytest.mark.parametrize(
    "text", ["stop pairing", "don't let any more devices in", "finish joining"]
)
def test_and_no_more(intents: Intents, text: str) -> None:
    understood = intents.understand(text)
    assert understood is not None
    assert understood.calls[0].arguments == {"duration_s": 0}
    assert "not join any more" in intents.answer(understood, [ToolResult(value={})])


@pytest.mark.parametrize(
    "text",
    ["let the dog in", "add milk to the list", "find my phone", "let me in", "pair of shoes"],
)
def test_what_is_about_something_else(intents: Intents, text: str) -> None:
    assert intents.understand(text) is None
