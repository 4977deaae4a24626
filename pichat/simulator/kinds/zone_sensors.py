"""Battery sensors that are nothing but an IAS zone: contact, water, smoke, gas,
vibration."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.ias_zone import (
    ContactZone,
    GasZone,
    SmokeZone,
    VibrationZone,
    WaterZone,
)
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

for _name, _model, _zone in (
    ("sensor-contact", "SIM-CONTACT-1", ContactZone),
    ("sensor-water", "SIM-WATER-1", WaterZone),
    ("sensor-smoke", "SIM-SMOKE-1", SmokeZone),
    ("sensor-gas", "SIM-GAS-1", GasZone),
    ("sensor-vibration", "SIM-VIBRATION-1", VibrationZone),
):
    register(
        Kind(
            _name,
            _model,
            one_endpoint(0x0402, Basic, PowerConfiguration, Identify, _zone),
            mains=False,
            router=False,
            rx_on=False,
        )
    )
