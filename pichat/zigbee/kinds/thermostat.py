"""Thermostats: what they regulate to, how, and the temperature that they measure."""

from __future__ import annotations

from typing import ClassVar

from pichat.events import Capability, State
from pichat.zigbee.converter import (
    Attributes,
    Cluster,
    Converter,
    Measurement,
    Report,
    converter,
)

_MODES = {0: "off", 1: "auto", 3: "cool", 4: "heat", 5: "emergency_heat", 7: "fan_only", 8: "dry"}
_MODES |= {9: "sleep"}
_NUMBERS = {word: number for number, word in _MODES.items()}
_COOLS_ONLY, _DOES_BOTH = frozenset({0, 1}), frozenset({4, 5})  # ctrl_sequence_of_oper
_HEAT, _COOL = "occupied_heating_setpoint", "occupied_cooling_setpoint"
_LIMITS = {
    _HEAT: ("min_heat_setpoint_limit", "max_heat_setpoint_limit", 700, 3000),
    _COOL: ("min_cool_setpoint_limit", "max_cool_setpoint_limit", 1600, 3200),
}
"""The attributes that tell them, and what they usually are, in hundredths of a degree."""

_SEQUENCE = "ctrl_sequence_of_oper"
_DESCRIBED = (_SEQUENCE, *_LIMITS[_HEAT][:2], *_LIMITS[_COOL][:2])


def _sequence(attributes: Attributes) -> int | None:
    value = attributes.get(_SEQUENCE)
    return None if value is None else int(value)


class _SetPoint(Converter):
    cluster_id = 0x0201
    described_by = _DESCRIBED

    def which(self, attributes: Attributes) -> str:
        """The attribute that this is about."""
        raise NotImplementedError

    def capability(self, attributes: Attributes) -> Capability:
        least, most, usual_least, usual_most = _LIMITS[self.which(attributes)]
        lowest, highest = attributes.get(least), attributes.get(most)
        return Capability(
            name=self.name,
            writable=True,
            unit="°C",
            minimum=(usual_least if lowest is None else int(lowest)) / 100,
            maximum=(usual_most if highest is None else int(highest)) / 100,
        )

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get(self.which(attributes))
        return None if value is None else int(value) / 100

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        hundredths = round(float(value) * 100)  # type: ignore[arg-type]
        await cluster.write({self.which(cluster): hundredths})

    def matches(self, wanted: State, actual: State) -> bool:
        # Many thermostats round to half a degree.
        return abs(float(wanted) - float(actual)) <= 0.25  # type: ignore[arg-type]


@converter
class TargetTemperature(_SetPoint):
    """The set-point that counts in the mode that the thermostat is in."""

    name = "target_temperature"
    reports = (
        Report(attribute=_HEAT, change=10),
        Report(attribute=_COOL, change=10),
        Report(attribute="system_mode"),
    )

    def present(self, attributes: Attributes) -> bool:
        return attributes.supported(_HEAT) or attributes.supported(_COOL)

    def which(self, attributes: Attributes) -> str:
        sequence, mode = _sequence(attributes), attributes.get("system_mode")
        cools = attributes.supported(_COOL) and (
            sequence in _COOLS_ONLY
            or not attributes.supported(_HEAT)
            or (mode == _NUMBERS["cool"] and sequence in _DOES_BOTH)
        )
        return _COOL if cools else _HEAT


class _OneOfBoth(_SetPoint):
    """A set-point by its name, where a thermostat has two."""

    attribute: ClassVar[str]

    def present(self, attributes: Attributes) -> bool:
        both = attributes.supported(_HEAT) and attributes.supported(_COOL)
        return both and _sequence(attributes) in _DOES_BOTH

    def which(self, attributes: Attributes) -> str:
        del attributes
        return self.attribute


@converter
class HeatingSetPoint(_OneOfBoth):
    name = "heating_setpoint"
    reports = (Report(attribute=_HEAT, change=10),)
    attribute = _HEAT


@converter
class CoolingSetPoint(_OneOfBoth):
    name = "cooling_setpoint"
    reports = (Report(attribute=_COOL, change=10),)
    attribute = _COOL


@converter
class ThermostatMode(Converter):
    name = "thermostat_mode"
    cluster_id = 0x0201
    reports = (Report(attribute="system_mode"),)
    described_by = (_SEQUENCE,)

    def capability(self, attributes: Attributes) -> Capability:
        """With the mode that it is in, should that not follow from what it can do."""
        sequence = _sequence(attributes)
        options: tuple[str, ...] = ("off", "heat")
        if sequence in _COOLS_ONLY:
            options = ("off", "cool")
        elif sequence in _DOES_BOTH:
            options = ("off", "heat", "cool", "auto")
        now = self.decode(attributes)
        if now is not None and now not in options:
            options = (*options, str(now))
        return Capability(name=self.name, writable=True, options=options)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("system_mode")
        return None if value is None else _MODES.get(int(value))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        await cluster.write({"system_mode": _NUMBERS[str(value)]})


@converter
class RunningState(Converter):
    """Whether it heats or cools at this moment."""

    name = "running_state"
    cluster_id = 0x0201
    reports = (
        Report(attribute="running_state"),
        Report(attribute="running_mode", configure=False),
        Report(attribute="pi_heating_demand", min_interval_s=10, change=5),
    )
    _HEATS, _COOLS, _FANS = 0x0001 | 0x0008, 0x0002 | 0x0010, 0x0004 | 0x0020 | 0x0040
    _RUNNING_MODES: ClassVar[dict[int, str]] = {0: "idle", 3: "cooling", 4: "heating"}

    def present(self, attributes: Attributes) -> bool:
        return any(attributes.supported(report.attribute) for report in self.reports)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, options=("idle", "heating", "cooling", "fan"))

    def decode(self, attributes: Attributes) -> State | None:
        bits = attributes.get("running_state")
        if bits is not None:
            bits = int(bits)
            if bits & self._HEATS:
                return "heating"
            if bits & self._COOLS:
                return "cooling"
            return "fan" if bits & self._FANS else "idle"
        mode = attributes.get("running_mode")
        if mode is not None:
            return self._RUNNING_MODES.get(int(mode))
        demand = attributes.get("pi_heating_demand")
        return None if demand is None else "heating" if int(demand) > 0 else "idle"


@converter
class LocalTemperature(Measurement):
    name = "temperature"
    cluster_id = 0x0201
    reports = (Report(attribute="local_temperature", min_interval_s=5, change=10),)
    scale, invalid, unit = 0.01, -0x8000, "°C"
