"""Words of English answers: numbers, names, lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def number(value: Any) -> str:
    """At most one decimal, and none for a whole number."""
    return f"{float(value):.1f}".removesuffix(".0")


def degrees(value: Any) -> str:
    text = number(value)
    return f"{text} degree" if text == "1" else f"{text} degrees"


def plain(name: str) -> str:
    """A name within a sentence: "Kitchen light" → "kitchen light"; "TV" and "Emma's" stay."""
    words = name.split(" ")
    if "'" in name or "’" in name:
        return name
    return " ".join(w.lower() if w[:1].isupper() and w[1:].islower() else w for w in words)


def the(name: str) -> str:
    """With its article, unless it is somebody's or has one."""
    if "'" in name or "’" in name or name.casefold().startswith(("the ", "my ", "our ")):
        return plain(name)
    return f"the {plain(name)}"


def listed(parts: Iterable[str]) -> str:
    """ "a, b and c"."""
    items = list(parts)
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
