"""Between hue/saturation and CIE 1931 xy, by way of sRGB at full brightness (IEC 61966-2-1)."""

from __future__ import annotations

import colorsys

WHITE = (0.3127, 0.3290)


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _gamma(value: float) -> float:
    value = max(0.0, value)
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def hue_saturation_to_xy(hue: float, saturation: float) -> tuple[float, float]:
    """Both arguments from 0 to 1."""
    red, green, blue = (_linear(part) for part in colorsys.hsv_to_rgb(hue, saturation, 1.0))
    big_x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    big_y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    big_z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    total = big_x + big_y + big_z
    return (big_x / total, big_y / total) if total else WHITE


def xy_to_hue_saturation(x: float, y: float) -> tuple[float, float]:
    """Hue and saturation from 0 to 1; colours outside sRGB come to its edge."""
    if y <= 0:
        return 0.0, 0.0
    big_x, big_z = x / y, (1 - x - y) / y
    red = 3.2406 * big_x - 1.5372 - 0.4986 * big_z
    green = -0.9689 * big_x + 1.8758 + 0.0415 * big_z
    blue = 0.0557 * big_x - 0.2040 + 1.0570 * big_z
    most = max(red, green, blue, 1e-9)
    hue, saturation, _ = colorsys.rgb_to_hsv(*(_gamma(part / most) for part in (red, green, blue)))
    return hue, saturation
