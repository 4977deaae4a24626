"""Pronunciations, in the ARPAbet of the English dictionary, of words that it lacks."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata

# International Phonetic Alphabet as espeak-ng writes American English; the longest match wins.
IPA = {
    "aɪə": "AY AH", "aɪɚ": "AY ER", "aʊɚ": "AW ER", "oʊ": "OW", "əʊ": "OW", "aɪ": "AY",
    "aʊ": "AW", "eɪ": "EY", "ɔɪ": "OY", "tʃ": "CH", "dʒ": "JH", "iː": "IY", "uː": "UW",
    "ɑːɹ": "AA R", "ɔːɹ": "AO R", "oːɹ": "AO R", "ɪɹ": "IH R", "ɛɹ": "EH R", "ʊɹ": "UH R",
    "ɑː": "AA", "ɔː": "AO", "oː": "AO", "ɜː": "ER", "aː": "AA", "əl": "AH L", "ɚ": "ER",
    "ɝ": "ER", "a": "AE", "æ": "AE", "ɐ": "AH", "ʌ": "AH", "ə": "AH", "ɛ": "EH", "e": "EH",
    "ɪ": "IH", "i": "IY", "ᵻ": "IH", "ɨ": "IH", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO", "o": "OW",
    "ʊ": "UH", "u": "UW", "y": "UW", "ø": "ER", "œ": "ER", "b": "B", "d": "D", "ð": "DH",
    "f": "F", "g": "G", "ɡ": "G", "h": "HH", "x": "K", "ç": "HH", "j": "Y", "k": "K", "l": "L",
    "ɫ": "L", "m": "M", "n": "N", "ɲ": "N Y", "ŋ": "NG", "p": "P", "ɹ": "R", "r": "R", "ʁ": "R",
    "ɾ": "T", "s": "S", "ʃ": "SH", "t": "T", "θ": "TH", "v": "V", "w": "W", "z": "Z", "ʒ": "ZH",
    "ʔ": "T",
}  # fmt: skip

LETTERS = {
    "tion": "SH AH N", "tch": "CH", "igh": "AY", "sch": "SH", "ch": "CH", "sh": "SH", "th": "TH",
    "ph": "F", "ck": "K", "ng": "NG", "qu": "K W", "wh": "W", "ee": "IY", "ea": "IY", "oo": "UW",
    "ou": "AW", "ow": "OW", "ai": "EY", "ay": "EY", "oa": "OW", "oi": "OY", "oy": "OY",
    "au": "AO", "aw": "AO", "ie": "IY", "ei": "AY", "er": "ER", "ir": "ER", "ur": "ER",
    "ar": "AA R", "or": "AO R", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F",
    "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA",
    "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S",
    "y": "IY", "z": "Z",
}  # fmt: skip
"""For machines without espeak-ng: how English mostly spells its sounds."""


def pronounce(word: str) -> str | None:
    """Phones separated by spaces, or None for a word without a sound (emoji, a script that
    neither espeak-ng nor the letter rules know)."""
    return _by_espeak(word) or _longest_first(_plain(word), LETTERS) or None


def _by_espeak(word: str) -> str:
    program = shutil.which("espeak-ng")
    if program is None:
        return ""
    # The word goes through standard input, so that no name can look like an option.
    done = subprocess.run(
        [program, "-q", "--ipa", "-v", "en-us", "--stdin"],
        input=word.encode(),
        capture_output=True,
        timeout=10,
        check=False,
    )
    if done.returncode != 0:
        return ""
    return _longest_first(done.stdout.decode(errors="replace"), IPA)


def _plain(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in folded if letter.isascii())


def _longest_first(text: str, table: dict[str, str]) -> str:
    """The phones of `text`; what the table lacks (stress, length) is passed over."""
    phones: list[str] = []
    at = 0
    while at < len(text):
        for length in (4, 3, 2, 1):
            found = table.get(text[at : at + length])
            if found:
                phones.append(found)
                at += length
                break
        else:
            at += 1
    return " ".join(phones)
