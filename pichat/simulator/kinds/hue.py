"""A dimmer switch that speaks as Philips Hue's do, on two endpoints."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.hue import CODE, HueButtons, HueClient
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.kinds.registry import EndpointPlan, Kind, register

register(
    Kind(
        "hue-dimmer",
        "RWL021",
        lambda _: (
            EndpointPlan(1, 0x0830, (Basic,), (HueClient,)),
            EndpointPlan(2, 0x000C, (Basic, PowerConfiguration, Identify, HueButtons)),
        ),
        mains=False,
        router=False,
        rx_on=False,
        manufacturer="Philips",
        manufacturer_code=CODE,
    )
)
