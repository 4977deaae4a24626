"""Each way in which a stick can be away has its own sentence."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from pichat.config.types import Zigbee
from pichat.zigbee.names import first_name
from pichat.zigbee.stick.failures import explain, lost, missing, unusable


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
        (ValueError("odd"), "cannot be used: odd."),
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


@pytest.mark.parametrize("path", ["foo://bar", "socket://192.0.2.1", "socket://"])
def test_an_address_that_is_none_is_told_how_it_should_look(path: str) -> None:
    assert "socket://host:port" in explain(ValueError("odd"), Zigbee(path=path))


def test_a_full_disk_is_no_damaged_database(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "zigbee.db")
    connection.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        connection.executescript("CREATE TABLE a (b); CREATE TABLE c (d)")
    connection.close()
    assert "The disk is full" in unusable(full.value, tmp_path / "zigbee.db")
    assert "(odd)" in unusable(sqlite3.DatabaseError("odd"), tmp_path / "zigbee.db")
