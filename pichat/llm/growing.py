"""Fields that arrive in pieces and that nobody here knows, put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Said again with each piece, whereas every other text goes on where the last piece ended.
_REPEATED = {"id", "type", "index", "name", "role", "format", "signature"}


def grown(whole: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """`whole` with `piece` added: texts are joined, the items of lists that have the same `index`
    and `type` become one, anything else is replaced. None and "" change nothing that is there."""
    result = dict(whole)
    for key, value in piece.items():
        old = result.get(key)
        if old is None or key in _REPEATED:
            if value not in (None, "") or key not in result:
                result[key] = value
        elif isinstance(old, str) and isinstance(value, str):
            result[key] = old + value
        elif isinstance(old, dict) and isinstance(value, dict):
            result[key] = grown(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            result[key] = _longer(old, value)
        elif value is not None:
            result[key] = value
    return result


def _longer(whole: list[Any], pieces: list[Any]) -> list[Any]:
    result = list(whole)
    for piece in pieces:
        place = next((at for at, old in enumerate(result) if _same(old, piece)), None)
        if place is None:
            result.append(piece)
        else:
            result[place] = grown(result[place], piece)
    return result


def _same(old: Any, piece: Any) -> bool:
    """Whether both are pieces of one item."""
    if not (isinstance(old, dict) and isinstance(piece, dict)):
        return False
    index = piece.get("index")
    return index is not None and old.get("index") == index and old.get("type") == piece.get("type")
