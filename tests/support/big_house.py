"""A house of 100 devices in 20 rooms, for what has to hold in a big one."""

from __future__ import annotations

from pichat.events import Capability, Device, Kind

_PLACES = ("Kitchen", "Bathroom", "Bedroom", "Hallway", "Office")
_FLOORS = ("ground floor", "first floor", "second floor", "attic")
_KINDS: tuple[tuple[str, Kind, tuple[str, ...]], ...] = (
    ("ceiling light", "light", ("on_off", "brightness", "colour_temperature")),
    ("reading lamp", "light", ("on_off", "brightness", "colour")),
    ("socket", "plug", ("on_off", "power", "energy")),
    ("blinds", "cover", ("cover_position",)),
    ("climate sensor", "sensor", ("temperature", "humidity", "battery")),
)


def big_house() -> tuple[Device, ...]:
    """Every room has each of five kinds of things, named after it."""
    rooms = [f"{place} on the {floor}" for floor in _FLOORS for place in _PLACES]
    return tuple(
        Device(
            id=f"00:12:4b:00:00:00:{room:02x}:{number:02x}",
            name=f"{area} {name}",
            area=area,
            kind=kind,
            manufacturer="Test",
            model="Test",
            capabilities=tuple(Capability(name=c, writable=kind != "sensor") for c in capabilities),
            state={},
            available=True,
            last_seen_s=None,
        )
        for room, area in enumerate(rooms)
        for number, (name, kind, capabilities) in enumerate(_KINDS)
    )
