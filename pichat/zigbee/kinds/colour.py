"""Colour of lights, by hue and saturation, or by CIE xy where a light knows only that."""

from __future__ import annotations

import colorsys

from pichat.errors import UnsupportedError
from pichat.events import Capability, Colour, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter, tenths

_FULL = 254
_XY_FULL = _ENHANCED_FULL = 65536
_BY_HUE, _BY_TEMPERATURE = 0, 2  # color_mode; 1 is xy
_BY_ENHANCED_HUE = 3  # enhanced_color_mode
_CAN_HUE, _CAN_ENHANCED_HUE, _CAN_XY = 0x01, 0x02, 0x08  # color_capabilities


def xy_of(colour: Colour) -> tuple[float, float]:
    """CIE 1931 xy of a colour at full value, through linear sRGB (IEC 61966-2-1)."""
    rgb = colorsys.hsv_to_rgb(colour.hue_deg / 360, colour.saturation_percent / 100, 1)
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4) for c in rgb
    )
    x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    return x / (x + y + z), y / (x + y + z)


def colour_of(x: float, y: float) -> Colour:
    """The colour of CIE 1931 xy; what lies outside sRGB becomes the nearest within."""
    y = max(y, 1e-4)
    big_x, big_z = x / y, (1 - x - y) / y
    linear = (
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        0.0557 * big_x - 0.2040 + 1.0570 * big_z,
    )
    brightest = max(linear)
    scaled = [max(0.0, c / brightest) for c in linear]
    rgb = [12.92 * c if c <= 0.0031308 else 1.055 * float(c ** (1 / 2.4)) - 0.055 for c in scaled]
    hue, saturation, _ = colorsys.rgb_to_hsv(*rgb)
    return Colour(hue_deg=round(hue * 360, 1), saturation_percent=round(saturation * 100, 1))


def _hue_deg(attributes: Attributes) -> float | None:
    """By the finer of the two notations, where the light is in that mode."""
    enhanced = attributes.get("enhanced_current_hue")
    if enhanced is not None and attributes.get("enhanced_color_mode") == _BY_ENHANCED_HUE:
        return round(int(enhanced) / _ENHANCED_FULL * 360, 1)
    hue = attributes.get("current_hue")
    return None if hue is None else round(int(hue) / _FULL * 360, 1)


async def _by_hue(
    cluster: Cluster, wanted: Colour, transition_s: float | None, *, enhanced: bool
) -> None:
    hue = wanted.hue_deg % 360 / 360
    saturation = round(min(max(wanted.saturation_percent, 0), 100) / 100 * _FULL)
    if enhanced:
        await cluster.command(
            "enhanced_move_to_hue_and_saturation",
            enhanced_hue=min(round(hue * _ENHANCED_FULL), _ENHANCED_FULL - 1),
            saturation=saturation,
            transition_time=tenths(transition_s),
        )
        return
    await cluster.command(
        "move_to_hue_and_saturation",
        hue=round(hue * _FULL),
        saturation=saturation,
        transition_time=tenths(transition_s),
    )


@converter
class ColourConverter(Converter):
    name = "colour"
    cluster_id = 0x0300
    reports = (
        Report(attribute="current_hue", change=1),
        Report(attribute="current_saturation", change=1),
        Report(attribute="current_x", change=64),
        Report(attribute="current_y", change=64),
        Report(attribute="color_mode"),
        Report(attribute="enhanced_current_hue", change=256),
        Report(attribute="enhanced_color_mode"),
    )
    described_by = ("color_capabilities",)
    lights_up = True

    def present(self, attributes: Attributes) -> bool:
        features = attributes.get("color_capabilities")
        if features is not None:
            return bool(int(features) & (_CAN_HUE | _CAN_ENHANCED_HUE | _CAN_XY))
        return attributes.supported("current_hue") or attributes.supported("current_x")

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        mode = attributes.get("color_mode")
        if mode == _BY_TEMPERATURE:
            return None  # it shines white
        hue, saturation = _hue_deg(attributes), attributes.get("current_saturation")
        if hue is not None and saturation is not None and mode in (None, _BY_HUE):
            return Colour(hue_deg=hue, saturation_percent=round(int(saturation) / _FULL * 100, 1))
        x, y = attributes.get("current_x"), attributes.get("current_y")
        if x is None or y is None:
            return None
        return colour_of(int(x) / _XY_FULL, int(y) / _XY_FULL)

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        if not isinstance(value, Colour):
            raise UnsupportedError("A colour has a hue and a saturation.")
        features = cluster.get("color_capabilities")
        features = _CAN_HUE if features is None else int(features)
        if features & (_CAN_HUE | _CAN_ENHANCED_HUE):
            await _by_hue(cluster, value, transition_s, enhanced=bool(features & _CAN_ENHANCED_HUE))
            return
        x, y = xy_of(value)
        await cluster.command(
            "move_to_color",
            color_x=round(x * _XY_FULL),
            color_y=round(y * _XY_FULL),
            transition_time=tenths(transition_s),
        )

    def matches(self, wanted: State, actual: State) -> bool:
        """Within 6 degrees of hue, which does not matter for a near white, and 6 percent."""
        if not isinstance(wanted, Colour) or not isinstance(actual, Colour):
            return False
        apart = abs(wanted.hue_deg - actual.hue_deg) % 360
        same_hue = min(apart, 360 - apart) <= 6 or wanted.saturation_percent < 6
        return same_hue and abs(wanted.saturation_percent - actual.saturation_percent) <= 6
