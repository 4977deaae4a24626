"""A radiator thermostat on batteries that listens all the time, and one of an air conditioner."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.climate import HeatingAndCooling
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.clusters.thermostat import Thermostat
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "thermostat",
        "SIM-THERMOSTAT-1",
        one_endpoint(0x0301, Basic, PowerConfiguration, Identify, Groups, Thermostat),
        mains=False,
        router=False,
    )
)

register(
    Kind(
        "thermostat-cooling",
        "SIM-THERMOSTAT-2",
        one_endpoint(0x0301, Basic, Identify, Groups, HeatingAndCooling),
    )
)
