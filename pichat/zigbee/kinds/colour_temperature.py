"""Colour temperature of white light: kelvin for people, mireds on the wire."""

from __future__ import annotations

from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter, tenths

_MIREDS = 1_000_000
_USUAL = (153, 500)
_CAN = 0x10  # color_capabilities
_BY_TEMPERATURE = 2  # color_mode


@converter
class ColourTemperature(Converter):
    name = "colour_temperature"
    cluster_id = 0x0300
    reports = (
        Report(attribute="color_temperature", change=1),
        Report(attribute="color_mode"),
    )
    described_by = ("color_capabilities", "color_temp_physical_min", "color_temp_physical_max")
    lights_up = True

    def present(self, attributes: Attributes) -> bool:
        features = attributes.get("color_capabilities")
        if features is not None:
            return bool(int(features) & _CAN)
        return super().present(attributes)

    def capability(self, attributes: Attributes) -> Capability:
        coldest = attributes.get("color_temp_physical_min") or _USUAL[0]
        warmest = attributes.get("color_temp_physical_max") or _USUAL[1]
        return Capability(
            name=self.name,
            writable=True,
            unit="K",
            minimum=_MIREDS // int(warmest),
            maximum=-(-_MIREDS // int(coldest)),
        )

    def decode(self, attributes: Attributes) -> State | None:
        mireds = attributes.get("color_temperature")
        if not mireds or attributes.get("color_mode") not in (None, _BY_TEMPERATURE):
            return None
        return round(_MIREDS / int(mireds))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        mireds = round(_MIREDS / float(value))  # type: ignore[arg-type]
        await cluster.command(
            "move_to_color_temp", color_temp_mireds=mireds, transition_time=tenths(transition_s)
        )

    def matches(self, wanted: State, actual: State) -> bool:
        return abs(_MIREDS / float(wanted) - _MIREDS / float(actual)) <= 2  # type: ignore[arg-type]
