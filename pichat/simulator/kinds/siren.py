"""A siren on the mains."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.ias_zone import SirenZone
from pichat.simulator.clusters.warning_device import WarningDevice
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(
    Kind(
        "siren",
        "SIM-SIREN-1",
        one_endpoint(0x0403, Basic, Identify, SirenZone, WarningDevice),
        options={"max_duration_s": float},
    )
)
