"""The on/off of a plug: switching it changes what the meter sees."""

from __future__ import annotations

from pichat.simulator.clusters.metering import ElectricalMeasurement
from pichat.simulator.clusters.on_off import OnOff


class PlugSwitch(OnOff):
    def switch(self, on: bool) -> None:
        super().switch(on)
        meter = self.host.sibling(self, ElectricalMeasurement.id)
        if isinstance(meter, ElectricalMeasurement):
            meter.refresh()
