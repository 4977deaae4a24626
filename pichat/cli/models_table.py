"""The list of models for eyes: groups by kind, two lines a model, 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pichat.models.machine import Machine
from pichat.models.manifest import Model
from pichat.models.shelf import Installed

_GROUPS = {"piper-voice": "Voices", "whisper": "Recognisers", "gguf": "Language models"}


class Row(NamedTuple):
    model: Model
    here: Installed | None
    used_by: list[str]
    recommended: bool


def lines(rows: Iterable[Row], machine: Machine) -> Iterator[str]:
    groups = {title: [r for r in rows if r.model.kind == kind] for kind, title in _GROUPS.items()}
    for title, members in groups.items():
        if members:
            yield ""
            yield f"{title:<38}{'Language':<9}{'Size':>7}{'Memory':>8}"
        for row in members:
            model = row.model
            first, *others = model.languages
            language = "many" if first == "mul" else f"{first} +{len(others)}" if others else first
            size, memory = in_bytes(model.size), in_bytes(model.ram_mb * 1_000_000)
            line = f"  {model.name:<36}{language:<9}{size:>7}{memory:>8}  {_state(row, machine)}"
            yield line.rstrip()
            yield f"      {_about(row)}"


def _about(row: Row) -> str:
    quality = row.model.quality and f"{row.model.quality.capitalize()} quality."
    parts = [row.model.purpose, quality, f"Licence: {row.model.licence}."]
    if row.used_by:
        parts.append(f"Used by {', '.join(row.used_by)}.")
    return " ".join(filter(None, parts))


def _state(row: Row, machine: Machine) -> str:
    if row.here:
        return "in use" if row.used_by else "installed"
    if machine.memory_bytes and row.model.ram_mb > machine.spare_mb:
        return "too big here"
    return "recommended" if row.recommended else ""


def plain(row: Row) -> dict[str, Any]:
    """One model for programs."""
    model = row.model
    about = {key: getattr(model, key) for key in ("gender", "accent", "quality")}
    return {
        "name": model.name,
        "kind": model.kind,
        "purpose": model.purpose,
        "languages": list(model.languages),
        **{key: value for key, value in about.items() if value},
        "size_bytes": model.size,
        "ram_mb": model.ram_mb,
        "licence": model.licence,
        "recommended": row.recommended,
        "installed": str(row.here.path) if row.here else None,
        "used_by": row.used_by,
    }


def in_bytes(count: int) -> str:
    """Such as 63 MB or 1.1 GB."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1_000_000 else f"{count / 1e3:.0f} kB"
