"""The serial ports of this machine, with what USB tells about each."""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterator
from pathlib import Path

import msgspec

_LEVELS = 4
"""How far above a port its USB device is: the interface, and a bridge's own port below that."""
_BOARD = ("ttyAMA", "ttyS")
_UNUSED = "0"
"""The type of a port that the kernel has a name for and no hardware."""


class SerialPort(msgspec.Struct, frozen=True, kw_only=True):
    """`device` is its name in /dev, `by_id` one that stays the same wherever it is plugged in. The
    rest is what USB tells; without `vendor_id` it is a port of the board itself."""

    device: str
    by_id: str | None = None
    vendor_id: int | None = None
    product_id: int | None = None
    interface: int | None = None
    manufacturer: str = ""
    product: str = ""
    serial_number: str = ""

    @property
    def path(self) -> str:
        """The best name to configure."""
        return self.by_id or self.device


class Ports:
    """`sysfs` and `dev` are where Linux mounts those."""

    def __init__(self, sysfs: Path = Path("/sys"), dev: Path = Path("/dev")) -> None:
        self._ttys = sysfs / "class/tty"
        self._dev = dev
        self._by_id = dev / "serial/by-id"

    def all(self) -> tuple[SerialPort, ...]:
        """By name. One that goes away meanwhile is left out."""
        by_id = self._links()
        found = (self._port(name, by_id.get(name)) for name in _names(self._ttys))
        return tuple(port for port in found if port is not None)

    def at(self, path: str) -> SerialPort | None:
        """The one that a device's path, or a link to it, leads to."""
        device = os.path.realpath(path)
        return next((p for p in self.all() if os.path.realpath(p.device) == device), None)

    def footprint(self) -> Hashable:
        """Differs when a port came, went, or was plugged in anew."""
        names = [name for name in _names(self._ttys) if (self._ttys / name / "device").exists()]
        return tuple(footprint(str(self._dev / name)) for name in names), _names(self._by_id)

    def _links(self) -> dict[str, str]:
        links = (self._by_id / name for name in _names(self._by_id))
        return {Path(os.path.realpath(link)).name: str(link) for link in links}

    def _port(self, name: str, by_id: str | None) -> SerialPort | None:
        port = self._ttys / name
        if not (port / "device").exists():
            return None
        device = str(self._dev / name)
        place = Path(os.path.realpath(port / "device"))
        interface: int | None = None
        for folder in (place, *place.parents)[:_LEVELS]:
            if interface is None:
                interface = _number(folder / "bInterfaceNumber")
            vendor_id, product_id = _number(folder / "idVendor"), _number(folder / "idProduct")
            if vendor_id is not None and product_id is not None:
                return SerialPort(
                    device=device,
                    by_id=by_id,
                    vendor_id=vendor_id,
                    product_id=product_id,
                    interface=interface,
                    manufacturer=_text(folder / "manufacturer"),
                    product=_text(folder / "product"),
                    serial_number=_text(folder / "serial"),
                )
        if name.startswith(_BOARD) and _text(port / "type") not in ("", _UNUSED):
            return SerialPort(device=device, by_id=by_id)
        return None


def footprint(path: str) -> Hashable:
    """What tells a device from another that has its name later; None while there is none."""
    try:
        link, device = Path(path).lstat(), Path(path).stat()
    except OSError:
        return None
    # A link may get the number of the one before it.
    made_ns = link.st_ctime_ns if stat.S_ISLNK(link.st_mode) else 0
    return path, link.st_ino, made_ns, device.st_ino, device.st_rdev


def _names(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(entry.name for entry in folder.iterdir()))
    except OSError:
        return ()


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _number(file: Path) -> int | None:
    try:
        return int(_text(file), 16)
    except ValueError:
        return None


def in_use(path: str) -> Iterator[int]:
    """The ids of the processes that have the device open, of those that this user may look into."""
    device = os.path.realpath(path)
    for process in _names(Path("/proc")):
        if not process.isdigit():
            continue
        folder = Path("/proc", process, "fd")
        if any(_leads_to(folder / number, device) for number in _names(folder)):
            yield int(process)


def _leads_to(link: Path, device: str) -> bool:
    try:
        return str(link.readlink()) == device
    except OSError:
        return False
