"""Which of espeak-ng's voices a language, a gender and an accent mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# Languages of home-assistant-intents whose voice has another name, or whose own is missing and a
# neighbour's is understood.
_VOICES = {
    "de-ch": "de",
    "en": "en-gb",
    "fr": "fr-fr",
    "gl": "pt",
    "kw": "cy",
    "mn": "kk",
    "sr-latn": "sr",
    "zh-cn": "cmn",
    "zh-hk": "yue",
    "zh-tw": "cmn",
}

# Words that people use, and espeak-ng does not, for one of its voices.
ACCENTS = {
    "american": "en-us",
    "brazilian": "pt-br",
    "british": "en-gb",
    "english": "en-gb",
    "flemish": "nl",
    "french": "fr-fr",
    "latin american": "es-419",
    "lancashire": "en-gb-x-gbclan",
    "mandarin": "cmn",
    "mexican": "es-419",
    "new york": "en-us-nyc",
    "norwegian": "nb",
    "rp": "en-gb-x-rp",
    "scottish": "en-gb-scotland",
    "us": "en-us",
    "uk": "en-gb",
}
# espeak-ng drops the variant of a voice that is not called as its file is.
_FILES = {"en-gb": "en", "fr-fr": "fr"}
_GENDERS = {"female": "+f3", "male": "+m3"}
_LINE = re.compile(r"^ *\d+ +(\S+) +\S+ +(\S+) +(\S+)", re.MULTILINE)


def voice_of(language: str) -> str:
    """The espeak-ng voice for a language code; one that it does not know is passed on as it is."""
    code = language.lower().replace("_", "-")
    return _VOICES.get(code, code)


def read_voices(listing: str) -> dict[str, str]:
    """What `espeak-ng --voices` prints: each voice's code and names, in small letters → its code.
    “French_(France)” is called french, france and by its code; the first of a name has it."""
    voices: dict[str, str] = {}
    for code, name, file in _LINE.findall(listing):
        if file.startswith(("mb/", "!v/")):  # want mbrola's own files, and are no languages
            continue
        whole = name.replace("_", " ").casefold()
        plain, _, place = whole.partition("(")
        for word in (code, plain.strip(), place.strip(" )")):
            if word:
                voices.setdefault(word, code)
    return voices


@dataclass(frozen=True, slots=True)
class Chosen:
    """A voice for `espeak-ng -v`. `unknown` is an accent that means no voice."""

    voice: str
    unknown: str | None = None


def choose_voice(
    language: str,
    gender: Literal["female", "male"] | None,
    accent: str | None,
    voices: Mapping[str, str],
) -> Chosen:
    """The voice for a style. `voices` is what `read_voices` found.

    An accent of the language that is spoken (scottish, for English) is a way to speak it. The
    name of another language is that language's own voice: polish reads English as a Pole does who
    never learnt it. A regional accent of another language is not used: nobody reads German the
    Scottish way.
    """
    own = voice_of(language)
    if accent is None:
        return Chosen(_variant(own, gender))
    word = accent.casefold().replace("_", " ").strip()
    code = ACCENTS.get(word) or voices.get(word) or voices.get(word.replace(" ", "-"))
    if code is None:
        return Chosen(_variant(own, gender), unknown=accent)
    language_of = code.partition("-")[0]
    if code != voice_of(language_of) and language_of != own.partition("-")[0]:
        return Chosen(_variant(own, gender))
    return Chosen(_variant(code, gender))


def _variant(code: str, gender: str | None) -> str:
    return _FILES.get(code, code) + _GENDERS.get(gender or "", "")
