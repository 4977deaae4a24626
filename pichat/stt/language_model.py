"""The recogniser's files from sentences: trigrams, and a dictionary of just their words."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pichat.stt.base import Vocabulary
from pichat.stt.pronounce import pronounce

COMMON_WORDS = 1500
COMMON_SHARE = 0.5
"""The most frequent words of English, with half as many occurrences as the commands' words have.
They stand alone, never in a trigram, so that a command hardly suffers from them, while speech
about something else decodes to words that no command has. Measured over 100 other sentences, 40 of
them near misses, and 59 commands by four voices: none acted on, 98 % of the commands right."""

LONGEST_WORD = 40
_COUNTS = "home.counts"
_FEW = 64
LOG_OF_BASE = math.log(1.0001)
"""pocketsphinx counts logarithms to the base 1.0001."""


def write(sentences: Sequence[str], folder: Path) -> Vocabulary:
    """Build the files in `folder`. Sentences are words separated by spaces, in lower case.

    A word that cannot be pronounced leaves out the sentences that have it.
    """
    spoken = _Dictionary()
    model = _counted(sentences, spoken)
    common = _common_words()
    spoken.add({word for word, _ in common})
    counts = _Counts(model.grams_1, model.grams_2, model.grams_3, common)
    (folder / _COUNTS).write_bytes(msgspec.json.encode(counts))
    return _write(model, common, spoken, folder)


def extend(before: Path, sentences: Sequence[str], folder: Path) -> Vocabulary:
    """What `write` left in the folder `before`, with some sentences more; a tenth of the time."""
    counts = msgspec.json.decode((before / _COUNTS).read_bytes(), type=_Counts)
    spoken = _Dictionary((before / "home.dict").read_text(encoding="utf-8").splitlines())
    model = _counted(sentences, spoken)
    for one, number in counts.singles.items():
        model.grams_1[one] += number
    for one, seconds in counts.pairs.items():
        for two, number in seconds.items():
            model.grams_2[one][two] += number
    for one, pairs in counts.triples.items():
        for two, thirds in pairs.items():
            for three, number in thirds.items():
                model.grams_3[one][two][three] += number
    return _write(model, counts.common, spoken, folder)


class _Counts(msgspec.Struct):
    """How often the sentences have each word, and each two and three in a row; and the common
    words."""

    singles: dict[str, int]
    pairs: dict[str, dict[str, int]]
    triples: dict[str, dict[str, dict[str, int]]]
    common: list[tuple[str, float]]


def _counted(sentences: Sequence[str], spoken: _Dictionary) -> Any:
    from pocketsphinx.lm import ArpaBoLM

    known = spoken.add({word for sentence in sentences for word in sentence.split()})
    usable = [text for text in sentences if known.issuperset(text.split())]
    return ArpaBoLM(text="\n".join(usable), add_start=True)


def _write(
    model: Any, common: Iterable[tuple[str, float]], spoken: _Dictionary, folder: Path
) -> Vocabulary:
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

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._text = _english_text()
        self._taken: dict[str, list[str]] = {}
        for line in taken:
            self._taken.setdefault(_word(line), []).append(line)

    def add(self, words: Iterable[str]) -> set[str]:
        """Take in words with all their pronunciations; returns those that have one."""
        wanted = {word for word in words if len(word) <= LONGEST_WORD} - self._taken.keys()
        few = len(wanted) < _FEW
        for line in _lines_of(wanted, self._text) if few else self._text.splitlines():
            word = _word(line)
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


def _lines_of(words: Iterable[str], text: str) -> list[str]:
    """The lines of the dictionary that begin with one of the words, and maybe others. Reading all
    of them takes an eighth of a second."""
    found = []
    for word in sorted(words):
        for begin in (f"\n{word} ", f"\n{word}("):
            at = text.find(begin)
            while at >= 0:
                found.append(text[at + 1 : text.find("\n", at + 1)])
                at = text.find(begin, at + 1)
    return found


def _word(line: str) -> str:
    return line.partition(" ")[0].partition("(")[0]


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
    return _english_text().strip().splitlines()


def _english_text() -> str:
    """Every line between two breaks."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")
    path = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
    return "\n" + path.read_text(encoding="utf-8").rstrip("\n") + "\n"


if __name__ == "__main__":
    extend(Path(sys.argv[1]), sys.stdin.read().splitlines(), Path(sys.argv[2]))
