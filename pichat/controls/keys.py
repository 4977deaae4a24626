"""Keys of keyboards, remotes and button boxes, read from Linux input devices.

The events are read here, in three lines, because the library for it (evdev) has no wheels and
would be built on the Pi.
"""

from __future__ import annotations

import difflib
import errno
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from pichat.config.types import Controls as Config
from pichat.config.types import Deed, Key
from pichat.controls.base import Report, Surroundings, controls, until_readable
from pichat.controls.key_codes import key_codes
from pichat.errors import UnavailableError

_EVENT = struct.Struct("@llHHi")  # struct input_event: seconds, microseconds, type, code, value
_IS_KEY = 1
_PRESSED = 1  # 0: let go, 2: held
_READ_BYTES = _EVENT.size * 64


@controls("keys")
def make_keyboards(config: Config, around: Surroundings) -> Iterator[Keyboard]:
    """One for each device, however many of its keys do something."""
    devices: dict[Path, list[Key]] = {}
    for key in config.keys:
        devices.setdefault(key.device, []).append(key)
    for device, keys in devices.items():
        yield Keyboard(device, [(key.key, key.does) for key in keys], around)


class Keyboard:
    """Does what its keys stand for when they are pressed."""

    def __init__(self, device: Path, keys: list[tuple[str, Deed]], around: Surroundings) -> None:
        self._device = device
        self._keys = keys
        self._around = around

    @property
    def name(self) -> str:
        """See Control."""
        return f"keys of {self._device}"

    async def serve(self, report: Report) -> None:
        """See Control."""
        codes = key_codes()
        deeds = [(_code(name, codes), deed) for name, deed in self._keys]
        try:
            descriptor = os.open(self._device, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise UnavailableError(self._trouble(error)) from error
        try:
            if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
                raise UnavailableError(f"{self._device} is not an input device.")
            report(None)
            await self._read(descriptor, deeds)
        except OSError as error:
            raise UnavailableError(self._trouble(error)) from error
        finally:
            os.close(descriptor)

    async def _read(self, descriptor: int, deeds: list[tuple[int, Deed]]) -> None:
        rest = b""
        while True:
            await until_readable(descriptor)
            try:
                found = os.read(descriptor, _READ_BYTES)
            except BlockingIOError:
                continue
            if not found:
                raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
            rest += found
            whole = len(rest) - len(rest) % _EVENT.size
            for _, _, kind, code, value in _EVENT.iter_unpack(rest[:whole]):
                if kind == _IS_KEY and value == _PRESSED:
                    for pressed, deed in deeds:
                        if pressed == code:
                            self._around.do(deed)
            rest = rest[whole:]

    def _trouble(self, error: OSError) -> str:
        if error.errno == errno.EACCES:
            return f"{self._device} may not be read: add this user to the group input."
        if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO):
            return f"{self._device} is not plugged in."
        return f"{self._device} cannot be read: {error.strerror}."


def _code(name: str, codes: Mapping[str, int]) -> int:
    """Raises UnavailableError with what was probably meant."""
    if name.isdecimal():
        return int(name)
    if name not in codes:
        close = difflib.get_close_matches(name, codes, 1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise UnavailableError(f"There is no key called {name}.{hint}")
    return codes[name]
