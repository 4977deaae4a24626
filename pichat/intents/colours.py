"""Colour names of home-assistant-intents as hue and saturation."""

from __future__ import annotations

from pichat.events import Colour

COLOURS: dict[str, Colour] = {
    name: Colour(hue_deg=hue, saturation_percent=saturation)
    for name, hue, saturation in (
        ("white", 0, 0),
        ("red", 0, 100),
        ("brown", 25, 75),
        ("orange", 30, 100),
        ("yellow", 60, 100),
        ("green", 120, 100),
        ("turquoise", 174, 72),
        ("blue", 240, 100),
        ("purple", 280, 100),
        ("pink", 330, 60),
    )
}
"""Black is left out: a lamp cannot be black."""

WHITE_K = 4000
"""What "white" means to a lamp that has only a colour temperature."""
