"""A fan of three steps."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.fan_control import FanControl
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

register(Kind("fan", "SIM-FAN-1", one_endpoint(0x0300, Basic, Identify, Groups, FanControl)))
