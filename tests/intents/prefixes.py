"""Sentences cut short: does the judge end a turn that goes on?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pichat.events import Device
from pichat.intents.complete import Completeness
from pichat.intents.language import load
from pichat.intents.sentences import Sampler
from pichat.intents.understand import Intents
from tests.intents.effects import Effect, effects


@dataclass
class Judged:
    """Tallies. `cut`: beginnings judged complete that mean something else than the sentence;
    `added`: those of them after which only one more device or room comes."""

    wholes: int = 0
    complete: int = 0
    beginnings: int = 0
    not_seen: list[str] = field(default_factory=list)
    cut: list[tuple[str, str]] = field(default_factory=list)
    added: list[tuple[str, str]] = field(default_factory=list)


def sampled(language: str, house: Sequence[Device], count: int, seed: int = 7) -> list[str]:
    """About `count` sentences, those of the recogniser's model with another seed."""
    return list(Sampler(load(language), house, seed).sample(count))


def judge_all(
    intents: Intents, house: Sequence[Device], sentences: Iterable[str], *, letters: bool = False
) -> Judged:
    """Judge each sentence and each of its beginnings, word by word or letter by letter."""
    judged = Judged()
    for sentence in sentences:
        wanted = _effects(intents, house, sentence)
        if wanted is None:
            continue
        judged.wholes += 1
        judged.complete += intents.judge(sentence) is Completeness.COMPLETE
        for beginning in _beginnings(sentence, letters=letters):
            judged.beginnings += 1
            found = intents.judge(beginning)
            if found is Completeness.UNKNOWN:
                judged.not_seen.append(beginning)
            if found is not Completeness.COMPLETE:
                continue
            meant = _effects(intents, house, beginning) or set()
            if meant != wanted:
                group = judged.added if meant < wanted else judged.cut
                group.append((beginning, sentence))
    return judged


def _beginnings(sentence: str, *, letters: bool) -> Iterator[str]:
    if letters:
        yield from (sentence[:end] for end in range(1, len(sentence)))
        return
    words = sentence.split()
    yield from (" ".join(words[:count]) for count in range(1, len(words)))


def _effects(intents: Intents, house: Sequence[Device], text: str) -> set[Effect] | None:
    understood = intents.understand(text)
    return effects(understood.calls, house) if understood else None
