"""A few phrases ("stop", "never mind") spotted while PiChat itself speaks.

What is said between two pauses, and is no longer than a phrase, is decoded against a loop of every
phone of English: a phrase counts when it is all that was said. (pocketsphinx's own keyphrase search
misses most of them once any sound, however faint, comes before.)
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pichat.errors import ConfigError
from pichat.stt.language_model import english_dictionary
from pichat.stt.pronounce import pronounce
from pichat.stt.utterances import Utterances

PHRASES_SHARE = 0.1
"""The likelihood of a phrase; the phones share the rest. With 0.2 it is heard in other speech twice
as often, with less one phrase of eight into a loud answer is missed."""

ENDING_SHARE = 0.05


class KeyPhrases:
    """Listens for `phrases` in one stream; used by one thread at a time. Opens in a tenth of a
    second. Raises ConfigError for a phrase that cannot be pronounced."""

    def __init__(self, phrases: Sequence[str]) -> None:
        pocketsphinx: Any = importlib.import_module("pocketsphinx")
        self._phrases = {_one_word(phrase): phrase for phrase in phrases}
        with TemporaryDirectory() as folder:
            files = _write(phrases, Path(folder))
            self._decoder: Any = pocketsphinx.Decoder(
                lm=str(files / "lm"),
                dict=str(files / "dict"),
                cmn="batch",
                fwdflat=False,
                loglevel="FATAL",
            )
        self._utterances = Utterances()

    def process(self, pcm: bytes) -> str | None:
        """Take the next 16 kHz mono int16 sound, of any length: the phrase that has just been
        said, once, some 0.1 s after its end."""
        found = None
        for utterance in self._utterances.feed(pcm):
            if phrase := self._all_of(utterance):
                found = phrase
                self._utterances.forget()
        return found

    def reset(self) -> None:
        """Forget the sound so far: what comes next does not follow it."""
        self._utterances.forget()

    def close(self) -> None:
        """Free the decoder; nothing may be called afterwards."""
        self._decoder = None

    def _all_of(self, pcm: bytes) -> str | None:
        """The phrase that fills the sound, perhaps repeated."""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        words = best.hypstr.split() if best else []
        if not words or any(word not in self._phrases for word in words):
            return None
        return self._phrases[words[-1]]


def _one_word(phrase: str) -> str:
    return "_".join(phrase.casefold().split())


def _write(phrases: Sequence[str], folder: Path) -> Path:
    """The dictionary, and the language model of phrases and single phones."""
    if not all(phrase.split() for phrase in phrases):
        raise ConfigError("A phrase to stop PiChat with needs a word.")
    spoken = {word for phrase in phrases for word in phrase.casefold().split()}
    known: dict[str, list[str]] = {}
    phones = set()
    for line in english_dictionary():
        word, _, sounds = line.partition(" ")
        phones.update(sounds.split())
        if (plain := word.partition("(")[0]) in spoken:
            known.setdefault(plain, []).append(sounds)
    for word in spoken - known.keys():
        sounds_like = pronounce(word)
        if not sounds_like:
            raise ConfigError(f"Nobody can say “{word}”: use other words to stop PiChat with.")
        known[word] = [sounds_like]
    whole = {_one_word(p): list(_said(p.casefold().split(), known)) for p in phrases}
    single = {f"+{phone}": [phone] for phone in phones}
    _write_dictionary({**whole, **single}, folder / "dict")
    _write_unigrams(whole, single, folder / "lm")
    return folder


def _said(words: Sequence[str], known: dict[str, list[str]]) -> Iterable[str]:
    """Every way to pronounce the words in a row."""
    if not words:
        return [""]
    return [f"{one} {rest}" for one in known[words[0]] for rest in _said(words[1:], known)]


def _write_dictionary(words: dict[str, list[str]], path: Path) -> None:
    lines = [
        f"{word}{f'({number})' if number > 1 else ''} {sounds}\n"
        for word, ways in words.items()
        for number, sounds in enumerate(ways, 1)
    ]
    path.write_text("".join(lines), encoding="utf-8")


def _write_unigrams(phrases: Iterable[str], phones: Iterable[str], path: Path) -> None:
    shares = {"</s>": ENDING_SHARE}
    whole, single = list(phrases), list(phones)
    shares |= {phrase: PHRASES_SHARE / len(whole) for phrase in whole}
    rest = 1 - PHRASES_SHARE - ENDING_SHARE
    shares |= {phone: rest / len(single) for phone in single}
    lines = [f"{math.log10(share):.4f} {word}" for word, share in shares.items()]
    head = ["\\data\\", f"ngram 1={len(lines) + 1}", "", "\\1-grams:", "-99 <s>"]
    path.write_text("\n".join([*head, *lines, "", "\\end\\", ""]), encoding="utf-8")
