"""Each way in which a stick can be away has its own sentence."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.zigbee.failures import explain, lost, missing
from pichat.zigbee.names import first_name


class NetworkSettingsInconsistent(Exception):  # noqa: N818 -- zigpy's name
    pass


def wrapped(error: Exception) -> Exception:
    """As the libraries raise it: from another."""
    outer = RuntimeError("outer")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (FileNotFoundError(errno.ENOENT, "no"), "was unplugged or is broken"),
        (PermissionError(errno.EACCES, "no"), "may not open"),
        (PermissionError("The serial port is locked by another application"), "in use by another"),
        (OSError(errno.EBUSY, "busy"), "in use by another"),
        (TimeoutError(), "does not answer"),
        (OSError(errno.ENOTTY, "no"), "is not a serial device"),
        (NetworkSettingsInconsistent(), "holds another network"),
        (ValueError("odd"), "ValueError: odd"),
    ],
)
def test_explain(tmp_path: Path, error: Exception, part: str) -> None:
    there = tmp_path / "ttyUSB0"
    there.touch()
    config = Zigbee(path=str(there))
    assert part in explain(error, config)
    if not isinstance(error, ValueError):
        assert part in explain(wrapped(error), config)


def test_a_missing_stick_is_named() -> None:
    config = Zigbee(path="/dev/ttyUSB_none")
    sentence = "The Zigbee stick /dev/ttyUSB_none is not there. Plug it in, or set zigbee.path"
    assert (missing(config) or "").startswith(sentence)
    assert lost(config).startswith(sentence)
    assert explain(TimeoutError(), config).startswith(sentence)


def test_a_coordinator_on_the_network_is_never_missing() -> None:
    config = Zigbee(path="socket://192.0.2.1:6638")
    assert missing(config) is None
    assert "cannot be reached" in explain(ConnectionRefusedError(errno.ECONNREFUSED, "no"), config)


def test_names_are_made_unique() -> None:
    assert first_name("IKEA", "TRADFRI bulb", []) == "IKEA TRADFRI bulb"
    assert first_name("IKEA", "bulb", ["ikea bulb", "IKEA bulb 2"]) == "IKEA bulb 3"
    assert first_name("", "", []) == "device"
