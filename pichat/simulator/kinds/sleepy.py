"""Battery devices that take commands and sleep between them, with poll control: a radiator
thermostat and a plain relay. The house option `check_in_s` says how often they check in."""

from __future__ import annotations

from pichat.simulator.clusters.basic import Basic, Identify
from pichat.simulator.clusters.groups import Groups
from pichat.simulator.clusters.on_off import OnOff
from pichat.simulator.clusters.poll_control import PollControl
from pichat.simulator.clusters.power_configuration import PowerConfiguration
from pichat.simulator.clusters.thermostat import Thermostat
from pichat.simulator.kinds.registry import Kind, one_endpoint, register

for _name, _model, _device_id, _does in (
    ("thermostat-sleepy", "SIM-THERMOSTAT-2", 0x0301, Thermostat),
    ("switch-sleepy", "SIM-SWITCH-2", 0x0002, OnOff),
):
    register(
        Kind(
            _name,
            _model,
            one_endpoint(
                _device_id, Basic, PowerConfiguration, Identify, PollControl, Groups, _does
            ),
            mains=False,
            router=False,
            rx_on=False,
            options={"check_in_s": float},
        )
    )
