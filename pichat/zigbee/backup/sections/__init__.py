"""What people said of their house: a file for each kind of it, which registers itself."""

from __future__ import annotations

from pichat.modules import load_all

load_all(__name__)
