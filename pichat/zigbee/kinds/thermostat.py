"""Thermostats: the set-point, and the temperature that they measure."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import (
    Attributes,
    Cluster,
    Converter,
    Measurement,
    Report,
    converter,
)

_USUAL = (700, 3000)  # hundredths of a degree


@converter
class TargetTemperature(Converter):
    name = "target_temperature"
    cluster_id = 0x0201
    reports = (Report(attribute="occupied_heating_setpoint", change=10),)
    described_by = ("min_heat_setpoint_limit", "max_heat_setpoint_limit")

    def capability(self, attributes: Attributes) -> Capability:
        lowest = attributes.get("min_heat_setpoint_limit")
        highest = attributes.get("max_heat_setpoint_limit")
        return Capability(
            name=self.name,
            writable=True,
            unit="°C",
            minimum=(_USUAL[0] if lowest is None else int(lowest)) / 100,
            maximum=(_USUAL[1] if highest is None else int(highest)) / 100,
        )

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("occupied_heating_setpoint")
        return None if value is None else int(value) / 100

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        hundredths = round(float(value) * 100)  # type: ignore[arg-type]
        await cluster.write({"occupied_heating_setpoint": hundredths})

    def matches(self, wanted: State, actual: State) -> bool:
        # Many thermostats round to half a degree.
        return abs(float(wanted) - float(actual)) <= 0.25  # type: ignore[arg-type]


@converter
class LocalTemperature(Measurement):
    name = "temperature"
    cluster_id = 0x0201
    reports = (Report(attribute="local_temperature", min_interval_s=5, change=10),)
    scale, invalid, unit = 0.01, -0x8000, "°C"
