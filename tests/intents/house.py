"""The default house, as a fixture."""

from __future__ import annotations

from pichat.events import Capability, Device, Kind, State

ON_OFF = Capability(name="on_off", writable=True)
BRIGHTNESS = Capability(name="brightness", writable=True, unit="%", minimum=0, maximum=100)
WARMTH = Capability(name="colour_temperature", writable=True, unit="K", minimum=2000, maximum=6500)
COLOUR = Capability(name="colour", writable=True)
BATTERY = Capability(name="battery", unit="%")


def device(
    number: int,
    name: str,
    area: str | None,
    kind: Kind,
    capabilities: tuple[Capability, ...],
    state: dict[str, State],
) -> Device:
    return Device(
        id=f"00:12:4b:00:00:00:00:{number:02x}",
        name=name,
        area=area,
        kind=kind,
        manufacturer="PiChat",
        model="simulated",
        capabilities=capabilities,
        state=state,
        available=True,
        last_seen_s=None,
    )


HOUSE: tuple[Device, ...] = (
    device(
        1, "Kitchen light", "Kitchen", "light", (ON_OFF, BRIGHTNESS, WARMTH),
        {"on_off": False, "brightness": 50, "colour_temperature": 2700},
    ),
    device(
        2, "Bedroom light", "Bedroom", "light", (ON_OFF, BRIGHTNESS, WARMTH),
        {"on_off": True, "brightness": 50, "colour_temperature": 2700},
    ),
    device(
        3, "Living room lamp", "Living Room", "light", (ON_OFF, BRIGHTNESS, COLOUR),
        {"on_off": True, "brightness": 80},
    ),
    device(4, "Hallway light", "Hallway", "light", (ON_OFF,), {"on_off": False}),
    device(
        5, "Office plug", "Office", "plug",
        (ON_OFF, Capability(name="power", unit="W"), Capability(name="energy", unit="kWh")),
        {"on_off": True, "power": 12.5, "energy": 1.2},
    ),
    device(
        6, "Bathroom sensor", "Bathroom", "sensor",
        (Capability(name="temperature", unit="°C"), Capability(name="humidity", unit="%"), BATTERY),
        {"temperature": 21.5, "humidity": 55.0, "battery": 87},
    ),
    device(
        7, "Hallway motion", "Hallway", "sensor", (Capability(name="occupancy"), BATTERY),
        {"occupancy": False, "battery": 90},
    ),
    device(
        8, "Front door", "Hallway", "sensor", (Capability(name="contact"), BATTERY),
        {"contact": False, "battery": 75},
    ),
    device(
        9, "Front door lock", "Hallway", "lock", (Capability(name="lock", writable=True), BATTERY),
        {"lock": True, "battery": 60},
    ),
    device(
        10, "Living room blinds", "Living Room", "cover",
        (Capability(name="cover_position", writable=True, unit="%", minimum=0, maximum=100),),
        {"cover_position": 100},
    ),
    device(
        11, "Bedroom thermostat", "Bedroom", "thermostat",
        (
            Capability(
                name="target_temperature", writable=True, unit="°C", minimum=5, maximum=30
            ),
            Capability(name="temperature", unit="°C"),
        ),
        {"target_temperature": 20.0, "temperature": 19.0},
    ),
)  # fmt: skip
