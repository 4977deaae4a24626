"""What stands around the controls in their tests: a voice loop that notes which buttons were
pressed, an input device made of a pseudo-terminal, and GPIO lines made of pipes."""

from __future__ import annotations

import asyncio
import errno
import os
import pty
import struct
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pichat.bus import Bus
from pichat.config.types import Controls as Config
from pichat.controls.controls import PART, Controls
from pichat.controls.gpio import KernelGpio
from pichat.errors import UnavailableError
from pichat.events import PartHealth, VoiceChanged, VoiceState
from pichat.health import Health

DEADLINE_S = 5.0


class Buttons:
    """Implements Voice."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.state = VoiceChanged(state="listening")
        self.pressed: asyncio.Queue[str] = asyncio.Queue()

    def change(self, state: VoiceState, station: str = "local") -> None:
        change = VoiceChanged(state=state, station=station)
        if station == "local":
            self.state = change
        self._bus.publish(change)

    def mute(self, muted: bool) -> None:
        self.pressed.put_nowait(f"mute {muted}")
        self.change("muted" if muted else "listening")

    def interrupt(self) -> None:
        self.pressed.put_nowait("interrupt")

    def listen(self) -> None:
        if self.state.state == "muted":
            raise UnavailableError("The microphone is muted.")
        self.pressed.put_nowait("listen")

    async def next(self) -> str:
        async with asyncio.timeout(DEADLINE_S):
            return await self.pressed.get()


@dataclass
class Room:
    """Controls that are being served."""

    bus: Bus
    health: Health
    voice: Buttons

    async def until(self, holds: Callable[[PartHealth | None], bool]) -> str:
        """The reason, once the health of the controls is so."""
        with self.bus.subscribe(PartHealth) as changes:
            async with asyncio.timeout(DEADLINE_S):
                while not holds(part := self.health.parts().get(PART)):
                    await changes.get()
        return (part and part.reason) or ""

    async def works(self) -> None:
        await self.until(lambda part: part is not None and part.status == "ok")

    async def trouble(self, of: str = "") -> str:
        return await self.until(
            lambda part: part is not None and part.status == "degraded" and of in str(part.reason)
        )


@asynccontextmanager
async def serving(config: Config, gpio: FakeGpio | None = None) -> AsyncIterator[Room]:
    bus = Bus()
    room = Room(bus, Health(bus), Buttons(bus))
    controls = Controls(
        config, bus, room.health, room.voice, gpio=gpio or KernelGpio(), retry_s=0.02
    )
    task = asyncio.create_task(controls.serve())
    try:
        yield room
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class InputDevice:
    """A keyboard under a stable name, which is plugged in and out as udev would link it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._descriptors: tuple[int, int] | None = None

    def plug(self) -> None:
        ours, theirs = self._descriptors = pty.openpty()
        tty.setraw(theirs)
        self.link.symlink_to(os.ttyname(theirs))
        assert ours > 0

    def unplug(self) -> None:
        if self._descriptors is not None:
            self.link.unlink()
            for descriptor in self._descriptors:
                os.close(descriptor)
            self._descriptors = None

    def send(self, kind: int, code: int, value: int) -> None:
        self.send_raw(struct.pack("@llHHi", 1, 2, kind, code, value))

    def send_raw(self, data: bytes) -> None:
        assert self._descriptors is not None
        os.write(self._descriptors[0], data)

    def press(self, code: int) -> None:
        """A scan code, the key going down and up, and a report after each, as keyboards send."""
        for kind, what, value in (
            (4, 4, 458_792),
            (1, code, 1),
            (0, 0, 0),
            (1, code, 0),
            (0, 0, 0),
        ):
            self.send(kind, what, value)


@dataclass
class FakeGpio:
    """Implements Gpio. `missing` lines cannot be opened."""

    missing: set[int] = field(default_factory=set)
    buttons: dict[int, FakeButton] = field(default_factory=dict)
    lamps: dict[int, FakeLamp] = field(default_factory=dict)
    opened: list[tuple[Path, int, bool, float]] = field(default_factory=list)

    def button(self, chip: Path, line: int, *, active_low: bool, debounce_s: float) -> FakeButton:
        self._open(chip, line, active_low, debounce_s)
        button = self.buttons[line] = FakeButton()
        return button

    def lamp(self, chip: Path, line: int, *, active_low: bool) -> FakeLamp:
        self._open(chip, line, active_low, 0.0)
        lamp = self.lamps[line] = FakeLamp()
        return lamp

    def _open(self, chip: Path, line: int, active_low: bool, debounce_s: float) -> None:
        if line in self.missing:
            raise UnavailableError(f"There is no GPIO chip at {chip}.")
        self.opened.append((chip, line, active_low, debounce_s))


class FakeButton:
    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self.gone = False
        self.closed = False

    def fileno(self) -> int:
        return self._read

    def press(self) -> None:
        os.write(self._write, b"x")

    def pull_out(self) -> None:
        self.gone = True
        self.press()

    def presses(self) -> int:
        if self.gone:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return len(os.read(self._read, 64))

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)
        self.closed = True


class FakeLamp:
    def __init__(self) -> None:
        self.changes: asyncio.Queue[bool] = asyncio.Queue()
        self.on = False
        self.closed = False

    def light(self, on: bool) -> None:
        if on != self.on:
            self.on = on
            self.changes.put_nowait(on)

    def close(self) -> None:
        self.closed = True

    async def next(self) -> bool:
        async with asyncio.timeout(DEADLINE_S):
            return await self.changes.get()
