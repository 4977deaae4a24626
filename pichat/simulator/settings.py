"""Settings that change while the simulator runs."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from pichat.simulator.errors import SimulatorError


class Settings(Protocol):
    """A msgspec struct that can tell what does not fit."""

    def problem(self) -> str | None: ...


def replace_fields(settings: Settings, given: dict[str, Any]) -> None:
    """All of them or none, checked as the house file's are. Raises SimulatorError."""
    merged = {**msgspec.to_builtins(settings), **given}
    try:
        checked = msgspec.convert(merged, type(settings))
    except msgspec.ValidationError as error:
        raise SimulatorError(f"{error}.") from None
    if (problem := checked.problem()) is not None:
        raise SimulatorError(problem)
    for name in given:
        setattr(settings, name, getattr(checked, name))
