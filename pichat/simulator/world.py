"""The whole simulator: port, ASH, EZSP, stick, radio and house, and their faults."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from pichat.simulator.errors import SimulatorError
from pichat.simulator.house import House
from pichat.simulator.household import Household
from pichat.simulator.ncp.ezsp import Ezsp
from pichat.simulator.ncp.memory import StickNetwork, new_stick, refill
from pichat.simulator.ncp.registry import NEWEST, OLDEST
from pichat.simulator.ncp.stick import Stick
from pichat.simulator.node import kept as kept_files
from pichat.simulator.radio import Radio, RadioSettings
from pichat.simulator.state import load_state, save_state
from pichat.simulator.wire.ash import ERROR_ACK_TIMEOUTS, AshLink
from pichat.simulator.wire.ports import Port, PtyPort, TcpPort

log = logging.getLogger(__name__)

SAVE_AFTER_S = 0.25
RESET_WATCHDOG = 0x03


def check_version(ezsp_version: int) -> None:
    """Raises SimulatorError."""
    if not OLDEST <= ezsp_version <= NEWEST:
        raise SimulatorError(f"EZSP {ezsp_version} is not spoken here, only {OLDEST} to {NEWEST}.")


@dataclass(frozen=True, kw_only=True)
class Options:
    """`tcp_port` None: a pseudo-terminal, with `link` as its lasting name if given."""

    house: House
    state: Path | None = None
    tcp_port: int | None = None
    link: Path | None = None
    ezsp_version: int = OLDEST
    seed: int | None = None
    radio: RadioSettings = field(default_factory=RadioSettings)


class Simulator:
    """`async with Simulator(options) as simulator`: plugged in from entry to exit."""

    def __init__(self, options: Options) -> None:
        check_version(options.ezsp_version)
        self.options = options
        self._loop = asyncio.get_running_loop()
        self._state = load_state(options.state)
        self.radio = Radio(options.radio, options.seed)
        self.household = Household(options.house, self.radio)
        self.stick = Stick(options.ezsp_version, self._state.stick, self.radio, self.household)
        for device in self.household.devices.values():
            kept = self._state.devices.get(device.eui64.hex())
            if kept is not None:
                kept_files.load(device, kept)
        self.household.attach(self.stick)
        self.household.dirty = self._changed
        self._saving: asyncio.TimerHandle | None = None
        self._hung = False
        self._held = bytearray()
        self._port = self._make_port()
        self._link = AshLink(self._write, self._received, self._reset)
        self._ezsp = Ezsp(self.stick, self._link.send)
        self.plugged = False

    def _make_port(self) -> Port:
        options = self.options
        if options.tcp_port is None:
            return PtyPort(self._feed, self._detached, options.link)
        return TcpPort(self._feed, self._detached, options.tcp_port)

    @property
    def path(self) -> str:
        """What a host opens."""
        return self._port.path

    @property
    def stick_name(self) -> str:
        return self._state.stick_name

    async def __aenter__(self) -> Simulator:
        await self.plug()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.unplug()
        self.radio.mailbox.close()
        for device in self.household.devices.values():
            device.stop()
        self.save()

    # Faults

    async def plug(self) -> None:
        """Raises SimulatorError when the port cannot be opened."""
        if self.plugged:
            return
        try:
            await self._port.open()
        except OSError as error:
            raise SimulatorError(f"The port cannot be opened: {error.strerror}.") from error
        self.plugged = True

    async def unplug(self) -> None:
        """The port goes away under the host; the devices live on."""
        self.plugged = False
        self._link.close()
        self.stick.reset()
        await self._port.close()

    def hang(self) -> None:
        """The stick keeps its port but neither reads nor writes."""
        self._hung = True

    def resume(self) -> None:
        self._hung = False
        held, self._held = bytes(self._held), bytearray()
        if held:
            self._link.feed(held)

    def crash(self, reason: int = ERROR_ACK_TIMEOUTS) -> None:
        """The firmware falls over: ASH says ERROR with the reason until the host resets it."""
        self._ezsp.reset()
        self.stick.reset()
        self._link.fail(reason)

    def restart(self, reason: int = RESET_WATCHDOG) -> None:
        """The firmware starts anew by itself; ASH says RSTACK with the reason."""
        self._ezsp.reset()
        self.stick.reset()
        self._link.restart(reason)

    async def swap(self, name: str, network: StickNetwork, ezsp_version: int | None = None) -> None:
        """Another stick goes where this one was, or the same with another memory. `name`: each
        has an address and a memory of its own; the one of the beginning is `first`. Raises
        SimulatorError."""
        version = self.stick.version if ezsp_version is None else ezsp_version
        check_version(version)
        was_plugged = self.plugged
        await self.unplug()
        self._state.sticks[self._state.stick_name] = self.stick.memory
        memory = self._state.sticks.pop(name, None) or new_stick(name)
        refill(memory, network)
        self._state.stick_name, self._state.stick = name, memory
        self.stick.take(version, memory)
        self._ezsp = Ezsp(self.stick, self._link.send)
        self._changed()
        if was_plugged:
            await self.plug()

    # Between the layers

    def _feed(self, data: bytes) -> None:
        if self._hung:
            if len(self._held) < 4096:
                self._held += data
            return
        self._link.feed(self._noisy(data))

    def _write(self, data: bytes) -> None:
        if not self._hung:
            self._port.write(self._noisy(data))

    def _noisy(self, data: bytes) -> bytes:
        if self.radio.chance(self.radio.settings.line_drop):
            at = len(data) // 2
            data = data[:at] + data[at + 1 :]
        if not data or not self.radio.chance(self.radio.settings.line_noise):
            return data
        at = len(data) // 2
        return data[:at] + bytes((data[at] ^ 0x01,)) + data[at + 1 :]

    def _received(self, frame: bytes) -> None:
        self._ezsp.received(frame)

    def _reset(self) -> None:
        self._ezsp.reset()
        self.stick.reset()

    def _detached(self) -> None:
        """The host closed the port: what it did not read is lost, the network runs on."""
        self._link.close()

    # Memory

    def _changed(self) -> None:
        if self.options.state is not None and self._saving is None:
            self._saving = self._loop.call_later(SAVE_AFTER_S, self.save)

    def save(self) -> None:
        """Writes the state file now; a failure is logged, and tried again at the next change."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if self.options.state is None:
            return
        devices = self.household.devices.values()
        self._state.devices |= {one.eui64.hex(): kept_files.dump(one) for one in devices}
        try:
            save_state(self.options.state, self._state)
        except OSError as error:
            log.warning("the state could not be saved: %s", error)
