"""What clusters mean to people: one small file per capability.

Each file defines and registers its converters; importing this package imports them all, so that
adding one touches one file.
"""

from __future__ import annotations

from pichat.modules import load_all

load_all(__name__)
