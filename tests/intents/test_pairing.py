"""A new screen is let in by a sentence, in each language that has one."""

from __future__ import annotations

import pytest

from pichat.events import ToolResult
from pichat.intents.understand import Intents
from tests.intents.house import HOUSE

SAID = {
    "en": ("pair a screen", "connect a new tablet", "add a screen", "I want to pair my phone"),
    "de": ("kopple ein neues Tablet", "einen neuen Bildschirm hinzufügen", "melde mein Handy an"),
    "es": ("conecta una pantalla nueva", "quiero añadir otra tableta"),
    "fr": ("ajoute un nouvel écran", "je voudrais connecter ma tablette"),
    "it": ("aggiungi un nuovo schermo", "vorrei collegare il mio telefono"),
    "nl": ("koppel een nieuw scherm", "voeg mijn tablet toe"),
}


@pytest.mark.parametrize("language", SAID)
def test_a_screen_is_let_in(language: str) -> None:
    intents = Intents(language, lambda: HOUSE)
    for text in SAID[language]:
        understood = intents.understand(text)
        assert understood is not None, text
        [call] = understood.calls
        assert (call.name, call.arguments) == ("pair_screen", {}), text
        answer = intents.answer(understood, [ToolResult(value={"code": "012345"})])
        assert "0 1 2, 3 4 5" in answer
        assert "PiChat" in answer


@pytest.mark.parametrize("text", ["pair a new lamp", "turn on the screen", "add a phone number"])
def test_what_is_about_something_else(text: str) -> None:
    understood = Intents("en", lambda: HOUSE).understand(text)
    assert understood is None or understood.calls[0].name != "pair_screen"
