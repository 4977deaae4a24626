"""Builds, starts and stops everything. daemon.py is the map; each other file starts one side."""

from __future__ import annotations

from pichat.app.daemon import Daemon

__all__ = ["Daemon"]
