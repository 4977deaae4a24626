"""Sensors that speak as Aqara's do: a weather sensor and a door contact."""

from __future__ import annotations

from pichat.simulator.clusters.aqara import (
    CODE,
    AqaraBasic,
    AqaraContact,
    AqaraHumidity,
    AqaraPressure,
    AqaraTemperature,
)
from pichat.simulator.clusters.basic import Identify
from pichat.simulator.kinds.registry import Kind, one_endpoint, register
from pichat.simulator.node.cluster import Cluster

_WEATHER = (AqaraTemperature, AqaraHumidity, AqaraPressure)
_KINDS: tuple[tuple[str, str, tuple[type[Cluster], ...]], ...] = (
    ("aqara-weather", "lumi.weather", _WEATHER),
    ("aqara-contact", "lumi.sensor_magnet.aq2", (AqaraContact,)),
)

for _name, _model, _clusters in _KINDS:
    register(
        Kind(
            _name,
            _model,
            one_endpoint(0x5F01, AqaraBasic, Identify, *_clusters),
            mains=False,
            router=False,
            rx_on=False,
            manufacturer="LUMI",
            manufacturer_code=CODE,
        )
    )
