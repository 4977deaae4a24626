"""Which tools a profile may use."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

NOT = "!"
"""Before a pattern: what fits it is not permitted."""


def permits(patterns: Sequence[str] | None, name: str) -> bool:
    """Whether the last of the patterns (`get_*`) that fits the tool's name permits it: one that
    begins with an exclamation mark (`!set_*`) does not. If the first does, all others are
    permitted before it; else none. None permits all."""
    if patterns is None:
        return True
    permitted = bool(patterns) and patterns[0].startswith(NOT)
    for pattern in patterns:
        named = pattern.removeprefix(NOT)
        # Most are names, of which there may be thousands: those need no expression.
        if name == named or (_is_wild(named) and fnmatchcase(name, named)):
            permitted = not pattern.startswith(NOT)
    return permitted


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
