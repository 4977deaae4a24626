"""What of one configuration is not as in another."""

from __future__ import annotations

from typing import Any

import msgspec


def differences(old: msgspec.Struct, new: msgspec.Struct) -> tuple[str, ...]:
    """The dotted names of settings that differ, in the order of the types; of profiles and
    providers those of each one that is new, gone or changed, without its settings."""
    return tuple(_differing(old, new, ""))


def _differing(old: Any, new: Any, where: str) -> list[str]:
    if old == new:
        return []
    if isinstance(old, msgspec.Struct) and type(old) is type(new):
        return [
            found
            for name in old.__struct_fields__
            for found in _differing(
                getattr(old, name), getattr(new, name), f"{where}.{name}".lstrip(".")
            )
        ]
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            f"{where}.{key}" for key in dict.fromkeys((*old, *new)) if old.get(key) != new.get(key)
        ]
    return [where]


def taken_over(old: Any, new: Any, dotted: str) -> Any:
    """`old`, with the one setting of that dotted name as it is in `new`."""
    name, _, rest = dotted.partition(".")
    value = getattr(new, name)
    if rest:
        value = taken_over(getattr(old, name), value, rest)
    return msgspec.structs.replace(old, **{name: value})
