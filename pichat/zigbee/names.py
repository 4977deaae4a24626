"""Names that people can say, each only once."""

from __future__ import annotations

from collections.abc import Iterable


def first_name(manufacturer: str, model: str, taken: Iterable[str]) -> str:
    """A name for a device that nobody has named: what it is, with a number when that is taken."""
    base = " ".join(f"{manufacturer} {model}".split()) or "device"
    used = {name.casefold() for name in taken}
    name, number = base, 1
    while name.casefold() in used:
        number += 1
        name = f"{base} {number}"
    return name
