"""Which devices a model means by what it calls them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Device, Kind
from pichat.tools.others import real
from pichat.tools.wording import KIND_WORDS, kind_of_word

EVERYTHING = frozenset({"all", "everything", "all devices", "every device", "whole house", "house"})
_SWITCHABLE: tuple[Kind, ...] = ("light", "plug", "switch", "fan")
_BEFORE = re.compile(r"^(?:(?:the|my|our|all|of|every)\s+)+")
_MARKS = re.compile(r"[^\w\s:]+|_")


def folded(phrase: str) -> str:
    """For comparing: lower case, without marks and what stands before a name."""
    plain = " ".join(_MARKS.sub(" ", phrase.casefold()).split())
    return _BEFORE.sub("", plain)


def devices_meant(
    phrases: Iterable[str], area: str | None, capability: str, devices: Sequence[Device]
) -> list[str]:
    """What the strict path takes: each device's name, or its id where the name is not enough.

    Raises NotFoundError for a phrase that fits nothing, with what was probably meant, and
    BadRequestError for one that could be several devices of the same name.
    """
    near = [d for d in devices if area and folded(d.area or "") == folded(area)]
    found: dict[str, Device] = {}
    for phrase in phrases:
        meant = _meant(phrase, capability, near) or _meant(phrase, capability, devices)
        if not meant:
            raise NotFoundError(_unknown(phrase, devices))
        found |= {device.id: device for device in meant}
    return [_handle(device, devices) for device in found.values()]


def _meant(phrase: str, capability: str, devices: Sequence[Device]) -> list[Device]:
    """Whoever can do it before whoever cannot: "front door" is the lock to unlock, and the sensor
    to ask whether it is open."""
    wanted = folded(phrase)
    for able in (True, False):
        for names in (_own_names, _other_names):
            found = [
                device
                for device in devices
                if wanted in names(device) and able == (device.capability(capability) is not None)
            ]
            if len(found) > 1:
                rooms = ", ".join(sorted(device.area or "no room" for device in found))
                sentence = f"Several devices are called “{phrase}” ({rooms}): add the room."
                raise BadRequestError(sentence)
            if found:
                return found
        if group := _group(phrase, capability, devices):
            return group
    return []


def _own_names(device: Device) -> set[str]:
    name = folded(device.name)
    return {device.id, name, f"{folded(device.area or '')} {name}".strip()}


def _other_names(device: Device) -> set[str]:
    """Without or with the word for what it is: "front door" is its lock."""
    name = folded(device.name)
    words = [word for word, kind in KIND_WORDS.items() if kind == device.kind]
    ends = [f" {word}{s}" for word in words for s in ("", "s")]
    shorter = {name.removesuffix(end) for end in ends if name.endswith(end)}
    return shorter | {name + end for end in ends} | {f"{name}s", name.removesuffix("s")}


def _group(phrase: str, capability: str, devices: Sequence[Device]) -> list[Device]:
    """ "kitchen lights", "lights in the kitchen", "all lights", "kitchen", "everything"."""
    wanted = folded(phrase)
    able = [device for device in real(devices) if device.capability(capability)]
    if phrase.casefold().strip() in EVERYTHING or wanted in EVERYTHING:
        return [d for d in able if capability != "on_off" or d.kind in _SWITCHABLE]
    kind: Kind | None = None
    first, _, last = wanted.rpartition(" ")
    if kind_of_word(last):
        kind, wanted = kind_of_word(last), first
    elif " in " in wanted:
        what, _, where = wanted.partition(" in ")
        kind, wanted = kind_of_word(what), folded(where)
        if kind is None:
            return []
    room = [d for d in able if not wanted or folded(d.area or "") == wanted]
    return [d for d in room if kind in (None, d.kind)]


def _unknown(phrase: str, devices: Sequence[Device]) -> str:
    by_name = {folded(device.name): device.name for device in devices}
    near = difflib.get_close_matches(folded(phrase), by_name, n=2)
    hint = " or ".join(f"“{by_name[name]}”" for name in near)
    return f"There is no device called “{phrase}”." + (f" Did you mean {hint}?" if hint else "")


def _handle(device: Device, devices: Sequence[Device]) -> str:
    same = [d for d in devices if d.name.casefold() == device.name.casefold()]
    return device.name if len(same) == 1 else device.id
