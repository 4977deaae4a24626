"""Devices, and what happens to them."""

from __future__ import annotations

from typing import Literal

import msgspec


class Colour(msgspec.Struct, frozen=True, kw_only=True):
    """Hue in degrees (0 to 360), saturation in percent."""

    hue_deg: float
    saturation_percent: float


State = bool | int | float | str | Colour
"""One capability's value: on/off and lock and contact and occupancy are bool (True: on, locked,
open, somebody there); percentages 0 to 100; temperatures in °C; kelvin; watts."""

Kind = Literal[
    "light", "plug", "switch", "cover", "lock", "thermostat", "fan", "siren", "remote", "sensor"
]


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """What a device can tell or do. `name` is also the key of the device's `state`.

    Names: on_off, brightness (%), colour, colour_temperature (K), cover_position (% open), lock,
    target_temperature (°C, a thermostat's set-point), temperature (°C), humidity (%), contact,
    occupancy, power (W), energy (kWh), voltage (V), current (A), battery (%), illuminance (lx);
    tilt (% open), thermostat_mode, fan_mode, running_state and power_on_behaviour (one of the
    `options`), heating_setpoint and cooling_setpoint (°C), fan_speed (%), siren, water_leak, smoke,
    gas, vibration, tamper, battery_low, jammed, last_operation (of a lock, in words), pressure
    (hPa), co2, carbon_monoxide and formaldehyde (ppm), pm25 (µg/m³). cover_motion and squawk are
    acts: they can be set to one of the `options`, and have no state.
    """

    name: str
    writable: bool = False
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()  # of a capability whose state is a word


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One device as people see it. `id` is its EUI-64 in the usual colon form; the second gang of a
    switch is a device of its own, and has a slash and its endpoint after that."""

    id: str
    name: str
    area: str | None
    kind: Kind
    manufacturer: str
    model: str
    capabilities: tuple[Capability, ...]
    state: dict[str, State]
    available: bool
    last_seen_s: float | None  # seconds since the epoch
    confirm: bool = False  # its owner wants to be asked before it opens, unlocks or heats
    sleepy: bool = False  # it listens only now and then
    waiting: dict[str, State] = {}  # what it will be told when it wakes

    def capability(self, name: str) -> Capability | None:
        return next((c for c in self.capabilities if c.name == name), None)


class DeviceAdded(msgspec.Struct, frozen=True, kw_only=True, tag="device_added"):
    """A device is there that was not there before."""

    device: Device


class DeviceChanged(msgspec.Struct, frozen=True, kw_only=True, tag="device_changed"):
    """`changes` holds only the state that is new; `device` is the whole as it now is."""

    device: Device
    changes: dict[str, State]


class DeviceRemoved(msgspec.Struct, frozen=True, kw_only=True, tag="device_removed"):
    """A device left the house, or was removed from it."""

    device_id: str


class ButtonPressed(msgspec.Struct, frozen=True, kw_only=True, tag="button_pressed"):
    """Somebody pressed a button of a remote. `button` is its name on that device (“1”, “up”),
    `press` how: single, double, triple, hold, release, or another word of the field."""

    device_id: str
    device_name: str
    button: str
    press: str


JoinStep = Literal["joined", "interviewing", "setting_up", "ready", "failed", "gone"]


class JoinProgress(msgspec.Struct, frozen=True, kw_only=True, tag="join_progress"):
    """How far a device has come that joins. One that failed is still on the network, and is asked
    again by itself; one that is gone left, or was removed. `reason` is a sentence then; `device`
    is there once it is ready."""

    device_id: str
    step: JoinStep
    detail: str = ""  # which endpoint or cluster, for those who look closely
    reason: str | None = None
    device: Device | None = None


class JoiningChanged(msgspec.Struct, frozen=True, kw_only=True, tag="joining_changed"):
    """Until when devices may join (seconds since the epoch; None: they may not), through which
    device (None: any that relays), and who alone, when an install code was given."""

    open_until_s: float | None = None
    via: str | None = None
    device_id: str | None = None


class WaitingEnded(msgspec.Struct, frozen=True, kw_only=True, tag="waiting_ended"):
    """A command that waited for a sleeping device was confirmed (`error` is None), failed, or was
    given up at its deadline."""

    device_id: str
    device_name: str
    capability: str
    value: State
    error: str | None = None  # a sentence


class DeviceGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that are commanded together. `area`: the room that it stands for, when PiChat keeps
    it by itself."""

    id: str
    name: str
    device_ids: tuple[str, ...]
    area: str | None = None


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """States to be taken up together: capability → value, by device id."""

    id: str
    name: str
    states: dict[str, dict[str, State]]
    transition_s: float = 0.0
    area: str | None = None


class GroupsChanged(msgspec.Struct, frozen=True, kw_only=True, tag="groups_changed"):
    """All groups, as they now are."""

    groups: tuple[DeviceGroup, ...]


class ScenesChanged(msgspec.Struct, frozen=True, kw_only=True, tag="scenes_changed"):
    """All scenes, as they now are."""

    scenes: tuple[Scene, ...]


class NetworkProgress(msgspec.Struct, frozen=True, kw_only=True, tag="network_progress"):
    """Work on the network that takes a while. `percent` is None while nobody can tell; `error` is
    a sentence, `done` in either case."""

    work: Literal["firmware", "channel", "map", "energy_scan"]
    device_id: str | None = None
    percent: float | None = None
    done: bool = False
    error: str | None = None
