"""Names of groups and scenes: said aloud, so each means one thing."""

from __future__ import annotations

from collections.abc import Iterable

from pichat.errors import BadRequestError
from pichat.events import Device

_LONGEST = 64


def check_name(what: str, name: str, taken: Iterable[str], devices: Iterable[Device]) -> str:
    """`name` as it is kept. Raises BadRequestError when it cannot be said, or means something
    else already."""
    clean = " ".join(name.split())
    if not clean or not clean.isprintable() or len(clean) > _LONGEST:
        raise BadRequestError(f"A {what} needs a name of 1 to {_LONGEST} readable characters.")
    folded = clean.casefold()
    if folded in {each.casefold() for each in taken}:
        raise BadRequestError(f"There is already a {what} called “{clean}”.")
    for device in devices:
        if folded == device.name.casefold():
            raise BadRequestError(f"There is a device called “{clean}”; choose another name.")
        if folded == (device.area or "").casefold():
            raise BadRequestError(f"There is a room called “{clean}”; choose another name.")
    return clean
