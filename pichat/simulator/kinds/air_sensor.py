"""A sensor of what is in the air, on the mains."""

from __future__ import annotations

from pichat.simulator.clusters.air import (
    CarbonDioxide,
    Formaldehyde,
    ParticulateMatter,
    PressureMeasurement,
)
from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.measurement import HumidityMeasurement, TemperatureMeasurement
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "sensor-air",
        "SIM-AIR-1",
        one_endpoint(
            0x0302,
            Basic,
            Identify,
            TemperatureMeasurement,
            HumidityMeasurement,
            PressureMeasurement,
            CarbonDioxide,
            ParticulateMatter,
            Formaldehyde,
        ),
        router=False,
    )
)
