"""What is written for eyes, as a person would say it."""

from __future__ import annotations

import re

from pichat.tts.english_words import english
from pichat.tts.markdown import has_markup, plain
from pichat.tts.quantities import quantities, word_to

_NOTHING_TO_DO = re.compile(r"[^\W\d_]*(?:[\s.,;:!?'’\"“”]+[^\W\d_]*)*")
_SHORTENED = re.compile(r"\b(?:e\.\s?g|i\.\s?e|vs|approx)\b", re.IGNORECASE)
_ADDRESS = re.compile(
    r"<?\b(?:https?://|www\.)([^\s<>()\[\]]+[^\s<>()\[\].,;:!?'\"”’*_`])>?", re.IGNORECASE
)
_PICTURES = re.compile(
    "[\U0001f000-\U0001fbff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u200d\u20e3©®™"
    "\U000e0020-\U000e007f]+"
)
_ARROWS = re.compile(r"\s*[\u2190-\u21ff]+\s*")
_RANGE = re.compile(r"(?<=\d) ?[–—] ?(?=\d)")
_LONE_PUNCTUATION = re.compile(r"\s+(?=[.,;:!?](?:\s|$))")
_DOUBLED = re.compile(r"([,;:])(?:\s*[,;:])+|([.!?])\s*\.(?![.\w])")
_SPACES = re.compile(r"\s+")


def speakable(text: str, language: str) -> str:
    """A sentence of an answer (or an item, a table, a block of code) as it is said aloud in a
    language of home-assistant-intents; "" when nothing of it is to be said.

    Markdown, addresses and pictures in any language; units, currencies and signs in those that
    the Unicode CLDR knows; times, dates, fractions and abbreviations in English. Anything else
    stays as it is, and is read by the voice. A sentence of plain words costs microseconds, and
    loads nothing.
    """
    if _NOTHING_TO_DO.fullmatch(text) and not _SHORTENED.search(text):
        return text if text.strip(" \t\n.,;:!?'’\"“”") else ""
    text = _ADDRESS.sub(_host, text)
    text = _PICTURES.sub(" ", text)
    if has_markup(text):
        text = plain(text)
    text = english(text) if language.lower().startswith("en") else _elsewhere(text, language)
    text = quantities(text, language)
    text = _LONE_PUNCTUATION.sub("", _SPACES.sub(" ", text))
    text = _DOUBLED.sub(lambda found: found[1] or found[2], text).strip()
    return text if any(letter.isalnum() for letter in text) else ""


def _host(found: re.Match[str]) -> str:
    """Of an address only whose it is: nobody says the rest."""
    return re.split(r"[/?#:]", found[1], maxsplit=1)[0].removeprefix("www.")


def _elsewhere(text: str, language: str) -> str:
    text = _ARROWS.sub(", ", text)
    to = word_to(language)
    return _RANGE.sub(f" {to} ", text) if to else text
