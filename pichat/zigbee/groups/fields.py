"""What a device stores of a scene: ZCL's extension fields, made of the commands that would set it.

Source: Zigbee Cluster Library 8, section 3.7.2.3, and the “Scene Table Extensions” of each
cluster.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from pichat.events import Colour
from pichat.zigbee.groups.recorded import Sent
from pichat.zigbee.kinds.colour import xy_of

_ON_OFF, _LEVEL, _COLOUR = 0x0006, 0x0008, 0x0300
_XY_FULL = 65536
_FULL = 254


def extension_fields(commands: Iterable[Sent]) -> bytes | None:
    """None where one of the commands has no place in a stored scene."""
    fields = [_field(command) for command in commands]
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields):
        return None
    return b"".join(
        struct.pack("<HB", cluster_id, len(content)) + content for cluster_id, content in known
    )


def _field(sent: Sent) -> tuple[int, bytes] | None:
    given = dict(sent.arguments)
    match sent.cluster_id, sent.command:
        case 0x0006, "on" | "off":
            return _ON_OFF, bytes((sent.command == "on",))
        case 0x0008, "move_to_level_with_on_off":
            return _LEVEL, bytes((given["level"],))
        case 0x0300, "move_to_color":
            return _COLOUR, _colour(given["color_x"], given["color_y"])
        case 0x0300, "move_to_hue_and_saturation":
            return _COLOUR, _hue(given["hue"] / _FULL, given["saturation"])
        case 0x0300, "enhanced_move_to_hue_and_saturation":
            return _COLOUR, _hue(given["enhanced_hue"] / _XY_FULL, given["saturation"])
        case 0x0300, "move_to_color_temp":
            # x, y, hue, saturation, and the loop's three: nothing; then the temperature.
            return _COLOUR, bytes(11) + struct.pack("<H", given["color_temp_mireds"])
    return None


def _colour(x: int, y: int) -> bytes:
    return struct.pack("<HH", x, y)


def _hue(turn: float, saturation: int) -> bytes:
    colour = Colour(hue_deg=turn * 360, saturation_percent=saturation / _FULL * 100)
    x, y = xy_of(colour)
    return _colour(round(x * _XY_FULL), round(y * _XY_FULL))
