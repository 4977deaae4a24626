"""Letting a new screen in by a sentence: the code is told digit by digit."""

from __future__ import annotations

from typing import Any

from pichat.events import ToolCall
from pichat.intents.match import Match, Meaning, means

PAIR_SCREEN = "pair_screen"

_TOLD = {
    "de": "Der Code ist {code}. Öffne auf dem neuen Bildschirm die Seite von PiChat und gib ihn in"
    " den nächsten drei Minuten ein.",
    "en": "The code is {code}. Open PiChat's page on the new screen, and type it there within three"
    " minutes.",
    "es": "El código es {code}. Abre la página de PiChat en la pantalla nueva y escríbelo en los"
    " próximos tres minutos.",
    "fr": "Le code est {code}. Ouvrez la page de PiChat sur le nouvel écran et saisissez-le dans"
    " les trois minutes.",
    "it": "Il codice è {code}. Apri la pagina di PiChat sul nuovo schermo e inseriscilo entro tre"
    " minuti.",
    "nl": "De code is {code}. Open de pagina van PiChat op het nieuwe scherm en typ hem binnen drie"
    " minuten in.",
}


@means("PiChatPairScreen")
def pair_screen(match: Match) -> Meaning:  # noqa: ARG001
    """Whatever it is called: it gets a token of its own."""
    return Meaning(calls=(ToolCall(name=PAIR_SCREEN, arguments={}),), steady=False)


def told(value: Any, language: str) -> str:
    """`value`: of the tool's result."""
    code = str(value["code"])
    digits = ", ".join(" ".join(code[at : at + 3]) for at in range(0, len(code), 3))
    return _TOLD.get(language, _TOLD["en"]).format(code=digits)
