"""A few phrases ("stop", "never mind") spotted while PiChat itself speaks.

pocketsphinx's keyphrase search listens with an open ear. What it spots must then be all that was
said in the last moment, decoded against a loop of every phone of English: the search alone takes
"stop" out of other speech five times a minute, both together did not in ten.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import ConfigError
from pichat.stt.language_model import english_dictionary
from pichat.stt.pronounce import pronounce

THRESHOLD = "1e-20"
"""Of the search. Higher ones miss "stop" by one voice of four, lower ones spot twice as much."""

PHRASES_SHARE = 0.5
"""The likelihood of a phrase in the check; the phones share the rest."""

ENDING_SHARE = 0.05
CHECKED_S = 1.2
"""A shorter check cuts "never mind" and "be quiet" by slow voices."""

_FRAME = SAMPLE_RATE_HZ // 100
_PAUSE_FRAMES = 15
_PAUSE_LEVEL = 0.1

_STEP_BYTES = SAMPLE_RATE_HZ // 50 * SAMPLE_BYTES
_CHECKED_BYTES = int(CHECKED_S * SAMPLE_RATE_HZ) * SAMPLE_BYTES
_LONGEST_BYTES = 60 * SAMPLE_RATE_HZ * SAMPLE_BYTES  # then the search begins anew


class KeyPhrases:
    """Listens for `phrases` in one stream; used by one thread at a time. Opens in a tenth of a
    second. Raises ConfigError for a phrase that cannot be pronounced."""

    def __init__(self, phrases: Sequence[str]) -> None:
        pocketsphinx: Any = importlib.import_module("pocketsphinx")
        self._phrases = {_one_word(phrase): phrase for phrase in phrases}
        with TemporaryDirectory() as folder:
            files = _write(phrases, Path(folder))
            # "batch" holds for the check, which has all of its sound; the search goes on live.
            self._decoder: Any = pocketsphinx.Decoder(
                lm=None, dict=str(files / "dict"), cmn="batch", fwdflat=False, loglevel="FATAL"
            )
            self._decoder.add_kws("search", str(files / "phrases"))
            self._decoder.add_lm_file("check", str(files / "lm"))
        self._decoder.activate_search("search")
        self._heard = bytearray()
        self._fed = 0
        self._decoder.start_utt()

    def process(self, pcm: bytes) -> str | None:
        """Take the next 16 kHz mono int16 sound, of any length: the phrase that has just been
        said, once, some 0.1 s after its end."""
        found = None
        for at in range(0, len(pcm), _STEP_BYTES):
            found = self._step(pcm[at : at + _STEP_BYTES]) or found
        return found

    def reset(self) -> None:
        """Forget the sound so far: what comes next does not follow it."""
        self._heard.clear()
        self._restart()

    def close(self) -> None:
        """Free the decoder; nothing may be called afterwards."""
        self._decoder = None

    def _step(self, pcm: bytes) -> str | None:
        self._heard += pcm
        del self._heard[:-_CHECKED_BYTES]
        self._decoder.process_raw(pcm)
        self._fed += len(pcm)
        spotted = self._decoder.hyp()
        if spotted is None or not spotted.hypstr:
            if self._fed > _LONGEST_BYTES:
                self._restart()
            return None
        self._decoder.end_utt()
        found = self._check()
        self._begin()
        if found:
            self._heard.clear()
        return found

    def _check(self) -> str | None:
        """The phrase that is all that was said in the last moment, or after its last pause."""
        heard = bytes(self._heard)
        self._decoder.activate_search("check")
        found = self._all_of(_last_run(heard)) or self._all_of(heard)
        self._decoder.activate_search("search")
        return found

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

    def _restart(self) -> None:
        self._decoder.end_utt()
        self._begin()

    def _begin(self) -> None:
        self._fed = 0
        self._decoder.start_utt()


def _last_run(pcm: bytes) -> bytes:
    """What was said after the last pause. What is much quieter than the loudest moment (the rest
    of PiChat's own voice) is a pause too."""
    wave = np.frombuffer(pcm, np.int16).astype(np.float64)
    frames = wave[: len(wave) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    loud = np.flatnonzero(levels > levels.max(initial=0) * _PAUSE_LEVEL)
    if not len(loud):
        return pcm
    pauses = np.flatnonzero(np.diff(loud) > _PAUSE_FRAMES)
    first = loud[pauses[-1] + 1] if len(pauses) else loud[0]
    return pcm[max(0, first - _PAUSE_FRAMES) * _FRAME * SAMPLE_BYTES :]


def _one_word(phrase: str) -> str:
    return "_".join(phrase.casefold().split())


def _write(phrases: Sequence[str], folder: Path) -> Path:
    """The dictionary, the list of phrases and the language model of phrases and single phones."""
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
    _write_dictionary({**known, **whole, **single}, folder / "dict")
    lines = [f"{' '.join(p.casefold().split())} /{THRESHOLD}/\n" for p in phrases]
    (folder / "phrases").write_text("".join(lines), encoding="utf-8")
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
