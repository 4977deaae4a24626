"""Which changes of a marked device need a person's yes."""

from __future__ import annotations

from collections.abc import Iterable

from pichat.events import Device, State


def needs_yes(device: Device, capability: str, value: State) -> bool:
    """Whether its owner wants to be asked first: locking, closing, stopping and falling silent are
    always free."""
    if not device.confirm:
        return False
    if capability == "lock":
        return value is not True
    if capability == "siren":
        return value is not False
    if capability == "cover_motion":
        return value == "open"
    if capability in ("cover_position", "tilt"):
        return not _closes(device.state.get(capability), value)
    return True


def _closes(now: State | None, value: State) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value <= (float(now) if isinstance(now, int | float) else 0)


def those_that_need_yes(
    devices: Iterable[Device], capability: str, value: State
) -> tuple[Device, ...]:
    return tuple(device for device in devices if needs_yes(device, capability, value))
