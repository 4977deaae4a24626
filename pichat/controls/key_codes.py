"""The kernel's numbers of the keys that people bind things to (linux/input-event-codes.h)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_HEADER = Path("/usr/include/linux/input-event-codes.h")
_DEFINITION = re.compile(
    r"^#define\s+(?P<name>(?:KEY|BTN)_\w+)\s+(?P<code>0x[0-9a-fA-F]+|\d+)\b", re.MULTILINE
)

# Rows of keys whose numbers follow each other.
_ROWS = {
    1: "ESC 1 2 3 4 5 6 7 8 9 0 MINUS EQUAL BACKSPACE TAB",
    16: "Q W E R T Y U I O P LEFTBRACE RIGHTBRACE ENTER LEFTCTRL",
    30: "A S D F G H J K L SEMICOLON APOSTROPHE GRAVE LEFTSHIFT BACKSLASH",
    44: "Z X C V B N M COMMA DOT SLASH RIGHTSHIFT KPASTERISK LEFTALT SPACE CAPSLOCK",
    59: "F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NUMLOCK SCROLLLOCK",
    71: "KP7 KP8 KP9 KPMINUS KP4 KP5 KP6 KPPLUS KP1 KP2 KP3 KP0 KPDOT",
    87: "F11 F12",
    96: "KPENTER RIGHTCTRL KPSLASH SYSRQ RIGHTALT",
    102: "HOME UP PAGEUP LEFT RIGHT END DOWN PAGEDOWN INSERT DELETE",
    113: "MUTE VOLUMEDOWN VOLUMEUP POWER",
    119: "PAUSE",
    125: "LEFTMETA RIGHTMETA COMPOSE STOP",
    140: "CALC",
    142: "SLEEP WAKEUP",
    163: "NEXTSONG PLAYPAUSE PREVIOUSSONG STOPCD RECORD REWIND PHONE",
    183: "F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24",
    200: "PLAYCD PAUSECD",
    207: "PLAY",
    248: "MICMUTE",
    582: "VOICECOMMAND ASSISTANT",
}


def key_codes() -> Mapping[str, int]:
    """Name → number: the common ones, and all of them where the kernel's headers are installed."""
    codes = {
        f"KEY_{name}": first + at
        for first, row in _ROWS.items()
        for at, name in enumerate(row.split())
    }
    try:
        text = _HEADER.read_text(encoding="utf-8")
    except OSError:
        return codes
    return codes | {match["name"]: int(match["code"], 0) for match in _DEFINITION.finditer(text)}
