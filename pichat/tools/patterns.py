"""Which tools a profile may use."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def permits(patterns: Sequence[str] | None, name: str) -> bool:
    """Whether one of the patterns (`get_*`) fits the tool's name; None permits all."""
    return patterns is None or any(fnmatchcase(name, pattern) for pattern in patterns)
