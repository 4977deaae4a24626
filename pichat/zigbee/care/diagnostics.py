"""All that helps somebody else to understand what is wrong, without a key in it."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from typing import Any

import msgspec

import pichat
from pichat.config.types import Secret
from pichat.health import Health
from pichat.zigbee.care.asking import Directory, Known
from pichat.zigbee.care.status import Status, counters_of
from pichat.zigbee.care.types import Json
from pichat.zigbee.care.values import to_json
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session

MASKED = "masked"
_LIBRARIES = ("zigpy", "bellows", "zigpy-znp", "zigpy-deconz", "pyserial-asyncio-fast")
_SECRET_WORDS = ("key", "token", "password", "secret", "authorization")
_NOT_TOLD = frozenset({"stack_specific", "metadata", "key_table", "network_key", "tc_link_key"})
"""Fields of zigpy's network information that hold keys, or may."""


class Diagnostics:
    """`settings` is the whole configuration."""

    def __init__(
        self,
        directory: Directory,
        roster: Roster,
        link: Link,
        health: Health,
        status: Status,
        settings: msgspec.Struct,
    ) -> None:
        self._directory = directory
        self._roster = roster
        self._link = link
        self._health = health
        self._status = status
        self._settings = settings

    def export(self) -> dict[str, Any]:
        """As JSON values; also while the radio is away, then with what is known without it."""
        session = self._link.session
        told: dict[str, Any] = {
            "made_s": round(time.time(), 3),
            "versions": _versions(),
            "settings": masked(self._settings),
            "health": msgspec.to_builtins(self._health.parts()),
            "health_changes": [
                {"at_s": round(at_s, 3), **msgspec.to_builtins(part)}
                for at_s, part in self._health.changes()
            ],
            "house": [msgspec.to_builtins(device) for device in self._roster.devices()],
        }
        if session is not None:
            told["network"] = self._network(session)
            told["status"] = msgspec.to_builtins(self._status.network())
            told["counters"] = counters_of(session.app)
            told["devices"] = [_device(known) for known in self._directory.all(session)]
        return told

    def _network(self, session: Session) -> dict[str, Any]:
        info: Any = session.app.state.network_info
        told: dict[str, Any] = {
            name: to_json_tree(value)
            for name, value in info.as_dict().items()
            if name not in _NOT_TOLD
        }
        key = info.network_key
        told["network_key"] = {
            "key": MASKED,
            "seq": int(key.seq),
            "tx_counter": int(key.tx_counter),
        }
        told["link_keys"] = len(info.key_table)
        told["node"] = to_json_tree(session.app.state.node_info.as_dict())
        return told


def masked(value: Any, name: str = "") -> Json:
    """Settings as JSON values, with stars for each key and for what is called like one."""
    if isinstance(value, Secret):
        return repr(value)
    if isinstance(value, msgspec.Struct):
        fields = type(value).__struct_fields__
        return {each: masked(getattr(value, each), each) for each in fields}
    if isinstance(value, dict):
        return {str(each): masked(inner, str(each)) for each, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each) for each in value]
    if isinstance(value, str) and value and any(w in name.casefold() for w in _SECRET_WORDS):
        return MASKED
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def _versions() -> dict[str, str]:
    found = {
        "pichat": pichat.__version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
    }
    for library in _LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _device(known: Known) -> dict[str, Any]:
    """What it said of itself, and how it is reached; no attribute values."""
    device: Any = known.zigpy
    return {
        "id": known.id,
        "name": known.name,
        "area": known.area,
        "network_address": int(device.nwk),
        "signature": to_json_tree(device.get_signature()),
        "initialised": bool(device.is_initialized),
        "last_seen_s": device.last_seen,
        "lqi": to_json(device.lqi),
        "rssi_dbm": to_json(device.rssi),
        "relays": to_json(device.relays),
        "sleepy": known.sleepy,
    }


def to_json_tree(value: Any) -> Json:
    """Plain dicts of zigpy's values."""
    if isinstance(value, dict):
        return {str(name): to_json_tree(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_tree(each) for each in value]
    return to_json(value)
