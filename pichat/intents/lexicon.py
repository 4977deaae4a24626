"""What a slot of a template can hold, found by how a text goes on."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hassil.intents import RangeSlotList

_DIGITS = re.compile(r"-?\d+(?:[.,]\d+)?")
_HYPHENS = str.maketrans("-_", "  ")


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One thing that a slot can hold. `context` and `ids` are hassil's context and the devices
    of a name."""

    out: Any
    context: dict[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()


class Lexicon:
    """Texts and the values they stand for. `pairs` are folded texts with single spaces."""

    def __init__(
        self, pairs: Iterable[tuple[str, Value]], numbers: tuple[float, float, float] | None = None
    ) -> None:
        self._texts: dict[str, list[Value]] = {}
        for text, value in pairs:
            if text:
                self._texts.setdefault(text, []).append(value)
        self._sorted = sorted(self._texts)
        self._lengths = sorted({len(text) for text in self._texts})
        self._numbers = numbers  # first, last and multiplier of those written in digits

    def values(self) -> list[Value]:
        """Everything that the slot can hold; of numbers that have no words just two."""
        values = [value for values in self._texts.values() for value in values]
        if self._numbers and not values:
            first, last, multiplier = self._numbers
            values = [Value(number * multiplier) for number in (first, (first + last) // 2)]
        return values

    def at(self, text: str, start: int) -> Iterator[tuple[int, Value]]:
        """The values that stand whole at `start`, each with where it ends."""
        for length in self._lengths:
            found = self._texts.get(text[start : start + length])
            if found and start + length <= len(text):
                for value in found:
                    yield start + length, value
        if self._numbers and (digits := _DIGITS.match(text, start)):
            first, last, multiplier = self._numbers
            number = float(digits[0].replace(",", "."))
            if first <= number <= last:
                yield digits.end(), Value(number * multiplier)

    def beginning_with(self, rest: str) -> list[Value]:
        """The values whose texts are longer than `rest` and begin with it."""
        if not rest:
            return self.values()
        found: list[Value] = []
        for at in range(bisect_left(self._sorted, rest), len(self._sorted)):
            text = self._sorted[at]
            if not text.startswith(rest):
                break
            if len(text) > len(rest):
                found += self._texts[text]
        return found


def numbers(wanted: RangeSlotList, language: str) -> Lexicon:
    """A range in digits and, for languages with number rules, in words."""
    from hassil.numbers import get_rbnf_engine

    multiplier = wanted.multiplier or 1
    pairs: list[tuple[str, Value]] = []
    try:
        engine = get_rbnf_engine(wanted.words_language or language)
        for number in wanted.get_numbers() if wanted.words else ():
            value = Value(number * multiplier)
            texts = {
                text.casefold().translate(_HYPHENS)
                for text in engine.format_number(number).text_by_ruleset.values()
            }
            pairs += [(text, value) for text in texts]
    except ValueError:  # a language without number rules: digits only
        pairs = []
    return Lexicon(pairs, (wanted.start, wanted.stop, multiplier) if wanted.digits else None)
