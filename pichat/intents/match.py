"""What a sentence said, apart from its wording, and the registry of what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pichat.events import Colour, Device, Kind, ToolCall
from pichat.intents.names import DOMAIN_OF_KIND
from pichat.tools.others import real

if TYPE_CHECKING:
    from hassil import RecognizeResult


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One recognised sentence.

    `slots` holds the values by name; `named` the ids that each device name may mean; `areas` the
    rooms said; `here` where the speaker is, when known; `devices` the house now.
    """

    intent: str
    response: str
    slots: dict[str, Any]
    named: tuple[tuple[str, ...], ...]
    areas: tuple[str, ...]
    here: str | None
    devices: tuple[Device, ...]

    def within(self, area: str | None) -> list[Device]:
        """The devices of a room, or of the house; a group is none of them."""
        folded = area.casefold() if area else None
        found = real(self.devices)
        return [d for d in found if folded is None or (d.area or "").casefold() == folded]


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """The calls that a sentence asks for. `steady`: the same later, whatever the states."""

    calls: tuple[ToolCall, ...]
    steady: bool = True


Handler = Callable[[Match], Meaning | None]
HANDLERS: dict[str, Handler] = {}


NEEDS: dict[str, frozenset[str]] = {}
"""Intents that mean nothing in a house without any of these capabilities."""


def means(*intents: str, needs: Sequence[str] = ()) -> Callable[[Handler], Handler]:
    """Register the decorated function for these intents; None from it: not understood. Their
    sentences are left out where no device has a capability of `needs`."""

    def register(handler: Handler) -> Handler:
        for intent in intents:
            if HANDLERS.setdefault(intent, handler) is not handler:
                raise TypeError(f"intent {intent!r} is registered twice")
            if needs:
                NEEDS[intent] = frozenset(needs)
        return handler

    return register


def from_result(result: RecognizeResult, here: str | None, devices: Sequence[Device]) -> Match:
    """hassil's result without hassil."""
    entities = result.entities_list
    # A room that comes from the context and not from the sentence has no text.
    areas = [str(e.value) for e in entities if e.name == "area"]
    return Match(
        intent=result.intent.name,
        response=result.response or "default",
        slots={e.name: e.value for e in entities},
        named=tuple(e.metadata["ids"] for e in entities if e.name == "name" and e.metadata),
        areas=tuple(dict.fromkeys(areas)),
        here=here,
        devices=tuple(devices),
    )


def kinds_of(match: Match) -> tuple[Kind, ...]:
    """The kinds that the sentence's domain stands for; none when it names no domain."""
    domain = match.slots.get("domain")
    if domain == "everything":
        fans = any(device.kind == "fan" for device in match.devices)
        return ("light", "plug", "switch", "fan") if fans else ("light", "plug", "switch")
    kinds: list[Kind] = [k for k, d in DOMAIN_OF_KIND.items() if d == domain]  # type: ignore[misc]
    return tuple(kinds)


def named_devices(match: Match) -> list[Device] | None:
    """The devices called by name, each unambiguous: by the room said, else the speaker's room.
    None when a name could mean several, or is not in the room that was said."""
    found = []
    by_id = {device.id: device for device in match.devices}
    for ids in match.named:
        candidates = [by_id[i] for i in ids if i in by_id]
        said = {area.casefold() for area in match.areas}
        if said:
            candidates = [d for d in candidates if (d.area or "").casefold() in said]
        elif len(candidates) > 1 and match.here:
            near = [d for d in candidates if (d.area or "") == match.here]
            candidates = near or candidates
        if len(candidates) != 1:
            return None
        found.append(candidates[0])
    return found


def calls_for(
    match: Match, tool: str, capability: str, kinds: Sequence[Kind], **arguments: Any
) -> Meaning | None:
    """The tool's calls for the sentence's names, else for each of its rooms, else the house.
    None when nobody there has the capability, so that the sentence means nothing here."""
    named = named_devices(match)
    if named is None:
        return None
    if named:
        targets = [devices_target(named)]
        fits = all(device.capability(capability) for device in named)
    else:
        targets = [area_target(area, kinds) for area in match.areas or (None,)]
        fits = all(
            any(_able(d, capability, kinds) for d in match.within(area))
            for area in match.areas or (None,)
        )
    if not fits:
        return None
    return Meaning(
        calls=tuple(
            ToolCall(name=tool, arguments={"target": target, "capability": capability, **arguments})
            for target in targets
        )
    )


def _able(device: Device, capability: str, kinds: Sequence[Kind]) -> bool:
    return device.capability(capability) is not None and (not kinds or device.kind in kinds)


def devices_target(devices: Iterable[Device]) -> dict[str, Any]:
    return {"devices": list(dict.fromkeys(device.id for device in devices))}


def area_target(area: str | None, kinds: Sequence[Kind]) -> dict[str, Any]:
    target: dict[str, Any] = {}
    if area:
        target["area"] = area
    if kinds:
        target["kinds"] = list(kinds)
    return target


def setting(
    match: Match, capability: str, value: Any, kinds: Sequence[Kind] = (), **how: Any
) -> Meaning | None:
    """`how`: what else the call has to say."""
    if isinstance(value, Colour):
        value = msgspec.to_builtins(value)
    return calls_for(match, "set_device_state", capability, kinds, value=value, **how)


def asking(match: Match, capability: str, kinds: Sequence[Kind] = ()) -> Meaning | None:
    return calls_for(match, "get_device_state", capability, kinds)
