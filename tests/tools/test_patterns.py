"""Patterns by the thousand say the same as a few do."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from pichat.tools.patterns import permits

NAMES = ("get_time", "get_date", "set_state", "web__get_time", "odd[name]")
PATTERN = st.sampled_from([*NAMES, "get_*", "*", "web__*", "set_?tate", "odd[[]name]", "nothing"])


def one_by_one(patterns: Sequence[str], name: str) -> bool:
    permitted = patterns[0].startswith("!")
    for pattern in patterns:
        if fnmatchcase(name, pattern.removeprefix("!")) or pattern.removeprefix("!") == name:
            permitted = not pattern.startswith("!")
    return permitted


@given(
    patterns=st.lists(st.tuples(st.booleans(), PATTERN), min_size=1, max_size=6),
    at=st.integers(0, 6),
)
def test_many_patterns_are_as_few(patterns: list[tuple[bool, str]], at: int) -> None:
    few = [f"!{pattern}" if off else pattern for off, pattern in patterns]
    others = [f"other_{number}" for number in range(100)]
    many = [few[0], *few[1:at], *others, *few[1:][max(0, at - 1) :]]
    for name in NAMES:
        expected = one_by_one(few, name)
        assert permits(few, name) is expected
        assert permits(many, name) is expected
        assert permits(tuple(many), name) is expected
    assert permits(many, "other_7") is one_by_one(many, "other_7")
