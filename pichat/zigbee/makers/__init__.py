"""Peculiarities of manufacturers: one small file per family of devices.

Each file registers its definitions; importing this package imports them all, and zigpy with them,
so it is loaded only when the radio is opened.
"""

from __future__ import annotations

from pichat.modules import load_all

load_all(__name__)
