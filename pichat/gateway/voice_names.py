"""A voice that is named in one word: `en-US-male`, `pl-PL-Wanda-female`, `scottish`."""

import re
from functools import cache
from typing import Literal

import msgspec

from pichat.intents.language import supported_languages
from pichat.tts.accents import ACCENTS

Gender = Literal["female", "male"]
_GENDERS: dict[str, Gender] = {
    "female": "female",
    "woman": "female",
    "f": "female",
    "male": "male",
    "man": "male",
    "m": "male",
}
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")


class NamedVoice(msgspec.Struct, frozen=True, kw_only=True):
    """`language` is a code such as en-US; None is as ever. `unknown`: what of the name means
    nothing here."""

    language: str | None = None
    gender: Gender | None = None
    accent: str | None = None
    unknown: tuple[str, ...] = ()


def read_voice(name: str) -> NamedVoice:
    """In any order and case, but a region follows its language."""
    language: str | None = None
    gender: Gender | None = None
    accent: str | None = None
    unknown: list[str] = []
    before = ""
    for part in re.split(r"[-_\s]+", name.strip()):
        word = part.casefold()
        if before == "language" and language is not None and _REGION.fullmatch(part):
            language, before = f"{language}-{part.upper()}", "region"
        elif word in _GENDERS and gender is None:
            gender, before = _GENDERS[word], "gender"
        elif word in _languages() and language is None:
            language, before = word, "language"
        elif word in accents() and accent is None:
            accent, before = word, "accent"
        elif part:
            unknown.append(part)
            before = "unknown"
    return NamedVoice(language=language, gender=gender, accent=accent, unknown=tuple(unknown))


@cache
def _languages() -> frozenset[str]:
    """Those that can be spoken, without their regions."""
    return frozenset(each.partition("-")[0].casefold() for each in supported_languages())


@cache
def accents() -> frozenset[str]:
    """Words for a way to speak, and the names of languages."""
    from babel import Locale

    names = Locale("en").languages
    return frozenset(ACCENTS) | {names[code].casefold() for code in _languages() if code in names}
