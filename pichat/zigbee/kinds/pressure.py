"""Air pressure in hectopascal."""

from __future__ import annotations

from pichat.events import State
from pichat.zigbee.converter import Attributes, Measurement, Report, converter


@converter
class Pressure(Measurement):
    """`measured_value` counts whole hectopascal; `scaled_value` is finer, where a device has it:
    10 to the power of `scale`, times the pressure in pascal."""

    name = "pressure"
    cluster_id = 0x0403
    reports = (
        Report(attribute="measured_value", min_interval_s=5, change=1),
        Report(attribute="scaled_value", min_interval_s=5, change=5),
    )
    described_by = ("scale",)
    scale, invalid, unit, digits = 1.0, -0x8000, "hPa", 1

    def decode(self, attributes: Attributes) -> State | None:
        scaled, scale = attributes.get("scaled_value"), attributes.get("scale")
        if scaled is None or scale is None or scaled == self.invalid:
            return super().decode(attributes)
        return round(int(scaled) / 10.0 ** int(scale) / 100, self.digits)
