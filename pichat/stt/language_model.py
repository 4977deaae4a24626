"""The recogniser's files from sentences: trigrams, and a dictionary of just their words."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pichat.stt.base import Vocabulary
from pichat.stt.pronounce import pronounce

COMMON_WORDS = 1500
COMMON_SHARE = 0.5
"""The most frequent words of English, with half as many occurrences as the commands' words have.
They stand alone, never in a trigram, so that a command hardly suffers from them, while speech
about something else decodes to words that no command has. Measured over 100 other sentences, 40 of
them near misses, and 59 commands by four voices: none acted on, 98 % of the commands right."""

LONGEST_WORD = 40
LOG_OF_BASE = math.log(1.0001)
"""pocketsphinx counts logarithms to the base 1.0001."""


def write(sentences: Sequence[str], folder: Path) -> Vocabulary:
    """Build the files in `folder`. Sentences are words separated by spaces, in lower case.

    A word that cannot be pronounced leaves out the sentences that have it.
    """
    from pocketsphinx.lm import ArpaBoLM

    spoken = _Dictionary()
    known = spoken.add({word for sentence in sentences for word in sentence.split()})
    usable = [text for text in sentences if known.issuperset(text.split())]
    model = ArpaBoLM(text="\n".join(usable), add_start=True)
    common = _common_words()
    spoken.add({word for word, _ in common})
    occurrences = sum(model.grams_1.values()) * COMMON_SHARE
    for word, share in common:
        model.grams_1[word] += max(1, round(occurrences * share))
    model.compute()
    vocabulary = Vocabulary(language_model=folder / "home.lm", dictionary=folder / "home.dict")
    with vocabulary.language_model.open("w", encoding="utf-8") as file:
        model.write(file)
    spoken.write(vocabulary.dictionary)
    return vocabulary


class _Dictionary:
    """The package's dictionary, cut down to the words that are needed."""

    def __init__(self) -> None:
        self._lines = english_dictionary()
        self._taken: dict[str, list[str]] = {}

    def add(self, words: Iterable[str]) -> set[str]:
        """Take in words with all their pronunciations; returns those that have one."""
        wanted = {word for word in words if len(word) <= LONGEST_WORD} - self._taken.keys()
        for line in self._lines:
            word = line.partition(" ")[0].partition("(")[0]
            if word in wanted:
                self._taken.setdefault(word, []).append(line)
        for word in sorted(wanted - self._taken.keys()):
            phones = pronounce(word)
            if phones:
                self._taken[word] = [f"{word} {phones}"]
        return set(self._taken)

    def write(self, path: Path) -> None:
        lines = [line for word in sorted(self._taken) for line in self._taken[word]]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _common_words() -> list[tuple[str, float]]:
    """Words with their shares of one, by the open English model that pocketsphinx carries."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")
    model = pocketsphinx.NGramModel.readfile(pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
    words = {line.partition(" ")[0] for line in english_dictionary()}
    logs = sorted(((model.prob([word]), word) for word in words if "(" not in word), reverse=True)
    weights = [(word, math.exp(log * LOG_OF_BASE)) for log, word in logs[:COMMON_WORDS]]
    whole = sum(weight for _, weight in weights)
    return [(word, weight / whole) for word, weight in weights]


def english_dictionary() -> list[str]:
    """The lines of the dictionary that pocketsphinx carries: a word and its phones."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    return path.read_text(encoding="utf-8").splitlines()
