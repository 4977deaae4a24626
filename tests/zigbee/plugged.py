"""A machine's USB ports, as Linux shows them in /sys and /dev, in a folder of the test."""

from __future__ import annotations

from pathlib import Path

from pichat.zigbee.stick.ports import Ports


class Machine:
    def __init__(self, root: Path) -> None:
        self.sysfs, self.dev = root / "sys", root / "dev"
        (self.sysfs / "class/tty").mkdir(parents=True)
        (self.dev / "serial/by-id").mkdir(parents=True)
        self.ports = Ports(self.sysfs, self.dev)

    def plug(
        self,
        name: str,
        usb: tuple[int, int] | None,
        maker: str = "",
        product: str = "",
        *,
        interface: int = 0,
        by_id: str | None = None,
    ) -> str:
        """A port with a USB device, or None for one of the board. Returns its path in /dev."""
        device = self.sysfs / "devices" / name
        place = device / f"1-1:1.{interface}" / name
        place.mkdir(parents=True)
        if usb is not None:
            (place.parent / "bInterfaceNumber").write_text(f"{interface:02x}\n")
            for file, text in (
                ("idVendor", f"{usb[0]:04x}"),
                ("idProduct", f"{usb[1]:04x}"),
                ("manufacturer", maker),
                ("product", product),
                ("serial", "0001"),
            ):
                (device / file).write_text(text + "\n")
        tty = self.sysfs / "class/tty" / name
        tty.mkdir()
        (tty / "device").symlink_to(place)
        (tty / "type").write_text("5\n")
        (self.dev / name).touch()
        if by_id is not None:
            (self.dev / "serial/by-id" / by_id).symlink_to(f"../../{name}")
        return str(self.dev / name)

    def lead(self, name: str, path: str) -> None:
        """Behind that port is what is at `path`."""
        (self.dev / name).unlink()
        (self.dev / name).symlink_to(path)

    def unplug(self, name: str) -> None:
        (self.sysfs / "class/tty" / name / "device").unlink()
        (self.dev / name).unlink()
