"""A button: pressing it toggles whatever it is bound to."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.on_off import OnOffClient
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "remote",
        "SIM-REMOTE-1",
        one_endpoint(0x0000, Basic, PowerConfiguration, Identify, clients=(OnOffClient,)),
        mains=False,
        router=False,
        rx_on=False,
    )
)
