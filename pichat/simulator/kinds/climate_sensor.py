"""A battery sensor of temperature and humidity."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.measurement import HumidityMeasurement, TemperatureMeasurement
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "sensor-climate",
        "SIM-CLIMATE-1",
        one_endpoint(
            0x0302,
            Basic,
            PowerConfiguration,
            Identify,
            TemperatureMeasurement,
            HumidityMeasurement,
        ),
        mains=False,
        router=False,
        rx_on=False,
    )
)
