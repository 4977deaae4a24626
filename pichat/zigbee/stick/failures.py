"""Why the radio is away, in words for its owner."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

from pichat.config.types import Zigbee
from pichat.zigbee.stick.libraries import library_of

_SIMULATED = ".sock.tty"
"""How the simulator's port ends, which nobody can plug in."""


def is_serial(path: str) -> bool:
    return not urlparse(path).scheme


def missing(config: Zigbee) -> str | None:
    """A sentence when the configured device is not there, without opening it."""
    if is_serial(config.path) and not Path(config.path).exists():
        if config.path.endswith(_SIMULATED):
            return "The simulated Zigbee stick is not there."
        return (
            f"The Zigbee stick {config.path} is not there. Plug it in, or set zigbee.path"
            " in the configuration."
        )
    return None


def blocked(config: Zigbee) -> str | None:
    """A sentence when another program holds the device, or it may not be opened."""
    if not is_serial(config.path):
        return None
    try:
        descriptor = os.open(config.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
    except OSError as error:
        return explain(error, config)
    return None


def explain(error: BaseException, config: Zigbee) -> str:
    """A sentence for a failure to open the radio, or to go on with it."""
    path = config.path
    chain = list(_causes(error))
    names = {cause.__class__.__name__ for cause in chain}
    if gone := missing(config):
        return gone
    if "UnknownUriScheme" in names or (isinstance(error, ValueError) and not is_serial(path)):
        return (
            f"zigbee.path is “{path}”, and neither a device such as /dev/ttyUSB0 nor"
            " socket://host:port."
        )
    for cause in chain:
        if isinstance(cause, OSError) and (sentence := _explain_os(cause, config)):
            return sentence
    if any(isinstance(cause, TimeoutError) for cause in chain):
        return (
            f"{the_stick(config)} does not answer. Plug it out and in again. If that does not help,"
            f" check that it runs {library_of(config.radio).firmware} and that zigbee.baud_rate is"
            f" right ({config.baud_rate or 115200} now)."
        )
    return f"{the_stick(config)} cannot be used: {str(error) or type(error).__name__}."


def unusable(error: BaseException, database: Path) -> str:
    """A sentence for a database that cannot be opened."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return (
            f"The disk is full: the Zigbee database {database} cannot be opened. Free some space."
        )
    return (
        f"The Zigbee database {database} cannot be used ({error}). Restore it from a backup, or"
        " move it away to start afresh; devices then have to join again."
    )


def the_stick(config: Zigbee) -> str:
    """What it is called at the beginning of a sentence."""
    if config.path.endswith(_SIMULATED):
        return "The simulated Zigbee stick"
    if not is_serial(config.path):
        return f"The Zigbee coordinator at {config.path}"
    return f"The Zigbee stick {config.path}"


def lost(config: Zigbee) -> str:
    """A sentence for a connection that broke."""
    return missing(config) or f"The connection to {_small(the_stick(config))} was lost."


def silent(config: Zigbee) -> str:
    """A sentence for a stick that was open and stopped answering."""
    return f"{the_stick(config)} stopped answering. PiChat starts it again."


def full(config: Zigbee) -> str:
    """A sentence for a stick that is open and takes no messages."""
    return f"{the_stick(config)} takes no messages any more. PiChat starts it again."


def _small(text: str) -> str:
    return text[0].lower() + text[1:]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain_os(error: OSError, config: Zigbee) -> str | None:
    path = config.path
    # zigpy turns EBUSY into a PermissionError without a number.
    if error.errno in (errno.EBUSY, errno.EAGAIN) or (
        isinstance(error, PermissionError) and error.errno is None
    ):
        return (
            f"The Zigbee stick {path} is in use by another program (zigbee2mqtt, Home Assistant"
            " or ModemManager?). Stop that one; only one can drive it."
        )
    if isinstance(error, PermissionError):
        return (
            f"PiChat may not open the Zigbee stick {path}. Add its user to the group that owns"
            " the device, usually dialout."
        )
    if not is_serial(path):
        return f"The Zigbee coordinator at {path} cannot be reached. Is it on, and on the network?"
    if error.errno in (errno.ENOTTY, errno.EINVAL, errno.EISDIR, errno.ENOTDIR):
        return f"{path} is not a serial device. Set zigbee.path to the Zigbee stick."
    if error.errno in (errno.ENODEV, errno.ENXIO, errno.EIO, errno.ENOENT):
        return f"The Zigbee stick {path} was unplugged or is broken. Plug it in again."
    return None
