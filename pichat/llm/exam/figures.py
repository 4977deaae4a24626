"""The figures of an exam."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from pichat.llm.exam.measured import Answered


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Of one request. `wrong`: why it was not right, None when it was. `provider` and `model`: who
    answered; `error`: what failed, a sentence."""

    say: str
    group: str
    wrong: str | None
    called: tuple[str, ...]
    answer: str
    provider: str | None
    model: str | None
    error: str | None
    took_s: float
    answers: tuple[Answered, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """None: nobody counted or nothing came. Speeds are of all answers together. What a model need
    not read again does not count as read, and of those that had to read little by themselves, the
    time is no measure of reading."""

    requests: int
    right: int
    right_percent: float
    right_by_group: dict[str, tuple[int, int]]
    first_token_p50_s: float | None
    first_token_p95_s: float | None
    reading_tokens_per_s: float | None
    writing_tokens_per_s: float | None
    took_p50_s: float
    memory_mb: float | None


def figures(results: Sequence[Result], memory_mb: float | None) -> Figures:
    """`results` is not empty. `memory_mb`: of the model's process."""
    groups: dict[str, tuple[int, int]] = {}
    for each in results:
        right, of = groups.get(each.group, (0, 0))
        groups[each.group] = right + (each.wrong is None), of + 1
    right = sum(right for right, _ in groups.values())
    answers = [answer for each in results for answer in each.answers]
    firsts_s = [each.first_s for each in answers if each.first_s is not None]
    readers = [a for a in answers if a.usage.input_tokens > 2 * a.usage.cached_tokens]
    reading_s = sum(each.first_s or 0.0 for each in readers)
    read = sum(each.usage.input_tokens - each.usage.cached_tokens for each in readers)
    # The first token of an answer is waited for, not written.
    written = sum(max(0, each.usage.output_tokens - 1) for each in answers)
    writing_s = sum(each.writing_s for each in answers if each.usage.output_tokens)
    return Figures(
        requests=len(results),
        right=right,
        right_percent=round(100 * right / len(results), 1),
        right_by_group=groups,
        first_token_p50_s=_percentile(firsts_s, 50),
        first_token_p95_s=_percentile(firsts_s, 95),
        reading_tokens_per_s=_speed(read, reading_s),
        writing_tokens_per_s=_speed(written, writing_s),
        took_p50_s=_percentile([each.took_s for each in results], 50) or 0.0,
        memory_mb=memory_mb,
    )


def _speed(tokens: int, seconds: float) -> float | None:
    return round(tokens / seconds, 1) if tokens > 0 and seconds > 0 else None


def _percentile(values: Sequence[float], percent: float) -> float | None:
    """The nearest rank."""
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)], 4)
