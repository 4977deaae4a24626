"""The default house, in memory: it does what it is told, at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from pichat.errors import NotFoundError, PiChatError, UnsupportedError, attempt
from pichat.events import Capability, Colour, Device, DeviceGroup, Kind, Scene, State

Place = tuple[str, str]
"""A device's name and a capability."""
States = dict[Place, State]

_ON_OFF = Capability(name="on_off", writable=True)
_BRIGHTNESS = Capability(name="brightness", writable=True, unit="%", minimum=0, maximum=100)
_WARMTH = Capability(name="colour_temperature", writable=True, unit="K", minimum=2000, maximum=6500)
_COLOUR = Capability(name="colour", writable=True)
_POSITION = Capability(name="cover_position", writable=True, unit="%", minimum=0, maximum=100)
_LOCK = Capability(name="lock", writable=True)
_SET_POINT = Capability(name="target_temperature", writable=True, unit="°C", minimum=5, maximum=30)


def _told(name: str, unit: str | None = None) -> Capability:
    return Capability(name=name, unit=unit)


_BATTERY = _told("battery", "%")
_TEMPERATURE = _told("temperature", "°C")
_GREY = Colour(hue_deg=60, saturation_percent=10)
_DEVICES: tuple[tuple[str, str, Kind, dict[Capability, State]], ...] = (
    ("kitchen light", "Kitchen", "light", {_ON_OFF: False, _BRIGHTNESS: 80, _WARMTH: 3500}),
    ("bedroom light", "Bedroom", "light", {_ON_OFF: False, _BRIGHTNESS: 60, _WARMTH: 3500}),
    (
        "living room lamp", "Living room", "light",
        {_ON_OFF: True, _BRIGHTNESS: 70, _COLOUR: _GREY, _WARMTH: 3000},
    ),
    ("hallway light", "Hallway", "light", {_ON_OFF: False}),
    (
        "office plug", "Office", "plug",
        {
            _ON_OFF: True, _told("power", "W"): 42.0, _told("energy", "kWh"): 12.5,
            _told("voltage", "V"): 230.0,
        },
    ),
    (
        "bathroom sensor", "Bathroom", "sensor",
        {_TEMPERATURE: 22.5, _told("humidity", "%"): 58.0, _BATTERY: 87},
    ),
    (
        "hallway motion", "Hallway", "sensor",
        {_told("occupancy"): False, _told("illuminance", "lx"): 120.0, _BATTERY: 92},
    ),
    ("front door", "Hallway", "sensor", {_told("contact"): False, _BATTERY: 74}),
    ("front door lock", "Hallway", "lock", {_LOCK: True, _BATTERY: 66}),
    ("living room blinds", "Living room", "cover", {_POSITION: 100}),
    (
        "bedroom thermostat", "Bedroom", "thermostat",
        {_SET_POINT: 20.0, _TEMPERATURE: 19.5, _BATTERY: 81},
    ),
)  # fmt: skip
_ASKS_FIRST = "front door lock"


class ExamHouse:
    """Implements what tools need of the hub. `states` is how it is now; `given` replaces how it is
    in the beginning. `commanded`: what was set, to whatever."""

    def __init__(self, given: Mapping[Place, State] | None = None) -> None:
        self._devices = tuple(_device(number, *row) for number, row in enumerate(_DEVICES, 1))
        self._by_id = {device.id: device for device in self._devices}
        self.states: States = {
            (device.name, name): state
            for device in self._devices
            for name, state in device.state.items()
        }
        self.states.update(given or {})
        self.commanded: set[Place] = set()

    def devices(self) -> tuple[Device, ...]:
        return tuple(
            structs.replace(
                device, state={name: self.states[device.name, name] for name in device.state}
            )
            for device in self._devices
        )

    async def set(
        self,
        device_id: str,
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> State:
        """See House. Raises NotFoundError and UnsupportedError."""
        del transition_s
        device = self._device(device_id)
        can = device.capability(capability)
        if can is None or not can.writable or not _fits(can, value):
            raise UnsupportedError(f"The {device.name} cannot be set to that.")
        self.commanded.add((device.name, capability))
        if capability == "brightness" and isinstance(value, int | float):
            # As lights do: it comes with switching on, and nought is off.
            self.states[device.name, "on_off"] = value > 0
        if capability != "brightness" or value:
            self.states[device.name, capability] = value
        return value

    async def set_many(
        self,
        device_ids: Sequence[str],
        capability: str,
        value: State,
        *,
        transition_s: float | None = None,
    ) -> dict[str, State | PiChatError]:
        """See House."""
        return {
            each: await attempt(self.set(each, capability, value, transition_s=transition_s))
            for each in device_ids
        }

    async def read(self, device_id: str, capability: str) -> State:
        """See House. Raises NotFoundError and UnsupportedError."""
        device = self._device(device_id)
        if device.capability(capability) is None:
            raise UnsupportedError(f"The {device.name} has no {capability}.")
        return self.states[device.name, capability]

    def groups(self) -> tuple[DeviceGroup, ...]:
        """See House."""
        return ()

    def scenes(self) -> tuple[Scene, ...]:
        """See House."""
        return ()

    async def activate(
        self, scene_id: str, transition_s: float | None = None
    ) -> dict[tuple[str, str], State | PiChatError]:
        """See House."""
        del transition_s
        raise NotFoundError(f"There is no scene {scene_id}.")

    def _device(self, device_id: str) -> Device:
        try:
            return self._by_id[device_id]
        except KeyError:
            raise NotFoundError(f"There is no device {device_id}.") from None


def _fits(can: Capability, value: State) -> bool:
    if can.name in ("on_off", "lock"):
        return isinstance(value, bool)
    if can.name == "colour":
        return isinstance(value, Colour)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return (can.minimum or 0) <= value <= (can.maximum or value)


def _device(
    number: int, name: str, area: str, kind: Kind, has: Mapping[Capability, State]
) -> Device:
    return Device(
        id=f"00:0d:6f:00:0a:00:00:{number:02x}",
        name=name,
        area=area,
        kind=kind,
        manufacturer="PiChat",
        model="exam",
        capabilities=tuple(has),
        state={can.name: state for can, state in has.items()},
        available=True,
        last_seen_s=None,
        confirm=name == _ASKS_FIRST,
    )
