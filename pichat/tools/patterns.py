"""Which tools a profile may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache, partial

NOT = "!"
"""Before a pattern: what fits it is not permitted."""

_FEW = 32


def permits(patterns: Sequence[str] | None, name: str) -> bool:
    """Whether the last of the patterns (`get_*`) that fits the tool's name permits it: one that
    begins with an exclamation mark (`!set_*`) does not. If the first does, all others are
    permitted before it; else none. None permits all."""
    return permitter(patterns)(name)


def permitter(patterns: Sequence[str] | None) -> Callable[[str], bool]:
    """`permits`, for many names."""
    if patterns is None:
        return lambda _name: True
    if len(patterns) > _FEW:
        return _sorted_out(tuple(patterns)).permits
    return partial(_few_permit, patterns)


def _few_permit(patterns: Sequence[str], name: str) -> bool:
    permitted = bool(patterns) and patterns[0].startswith(NOT)
    for pattern in patterns:
        named = pattern.removeprefix(NOT)
        # Most are names, of which there may be thousands: those need no expression.
        if name == named or (_is_wild(named) and fnmatchcase(name, named)):
            permitted = not pattern.startswith(NOT)
    return permitted


@dataclass(frozen=True, slots=True)
class _Many:
    """Patterns by the thousand, most of them names: each with its place among them."""

    first_is_off: bool
    names: dict[str, tuple[int, bool]]
    wild: tuple[tuple[int, str, bool], ...]

    def permits(self, name: str) -> bool:
        place, permitted = self.names.get(name, (-1, self.first_is_off))
        for at, pattern, is_on in self.wild:
            if at > place and fnmatchcase(name, pattern):
                permitted = is_on
        return permitted


@lru_cache(maxsize=8)
def _sorted_out(patterns: tuple[str, ...]) -> _Many:
    each = [
        (place, pattern.removeprefix(NOT), not pattern.startswith(NOT))
        for place, pattern in enumerate(patterns)
    ]
    return _Many(
        patterns[0].startswith(NOT),
        {pattern: (place, is_on) for place, pattern, is_on in each},
        tuple(one for one in each if _is_wild(one[1])),
    )


def _is_wild(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern or "[" in pattern


def switched(
    patterns: Sequence[str] | None, on: Sequence[str], off: Sequence[str], names: Sequence[str]
) -> tuple[str, ...] | None:
    """The patterns with some switched on, then some off. `names`: the tools that there are, so that
    nothing is said twice; what fits none of them is kept for one that comes later."""
    made = ["*"] if patterns is None else list(patterns)
    wishes = [(each, False) for each in on] + [(each, True) for each in off]
    for pattern, is_off in wishes:
        made = [each for each in made if each.removeprefix(NOT) != pattern]
        fitting = [name for name in names if fnmatchcase(name, pattern)]
        if not fitting or any(permits(made, name) is is_off for name in fitting):
            made.append(f"{NOT}{pattern}" if is_off else pattern)
    return None if made == ["*"] else tuple(made)
