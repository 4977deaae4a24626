"""Devices that come: what zigpy tells about them, and what is done before people see them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

import structlog

from pichat.errors import UnavailableError
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.arrival.configure import configure, is_configured
from pichat.zigbee.arrival.interview import Interviews
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

_PAUSES_S = (1.0, 5.0, 30.0, 300.0)
"""Between attempts to set up a device that does not answer; the last one is repeated."""
_REFRESHED_AT_ONCE = 3
_REFRESH_ATTEMPTS = 2
_JOIN_S = 254
"""The longest time that Zigbee lets a network be open for joining."""


def is_device(device: Any) -> TypeGuard[ZigbeeDevice]:
    """Whether it is a Zigbee device that was interviewed, and not the coordinator itself."""
    return bool(getattr(device, "endpoints", None)) and device.is_initialized and device.nwk != 0


class Joining:
    """A listener of a zigpy application, for one session."""

    def __init__(
        self, session: Session, roster: Roster, tasks: Tasks, interviews: Interviews
    ) -> None:
        self._session = session
        self._roster = roster
        self._tasks = tasks
        self._interviews = interviews
        self._coming: set[str] = set()
        self._ready: set[str] = set()
        self._anew: set[str] = set()
        self._moved = asyncio.Event()
        self._refreshing = asyncio.Semaphore(_REFRESHED_AT_ONCE)

    async def resume(self) -> None:
        """List the devices that the database knows. Nothing is sent."""
        for device in self._session.app.devices.values():
            if is_device(device):
                await self._roster.announce(self._roster.attach(device, self._session.air))

    def start(self) -> None:
        """The radio works: hear of joins, complete unfinished set-ups, and read in the background
        what may have changed meanwhile."""
        self._session.app.add_listener(self)
        for view in self._roster.announced():
            view.set_online(True)
            unfinished = not all(is_configured(port) for port in view.ports)
            work = self._set_up if unfinished else self._refresh
            self._tasks.spawn(self.while_open(partial(work, view)), f"resume {view.id}")

    async def pair(self, expected: Collection[str], timeout_s: float) -> bool:
        """Permit joining until all `expected` devices, or if none are named some, are there.
        Returns whether that came about in time."""
        await self._session.app.permit(min(round(timeout_s), _JOIN_S))
        for device_id in expected:
            await self._seek(device_id)
        try:
            async with asyncio.timeout(timeout_s):
                while not self._all_there(set(expected)):
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            log.warning("devices did not join", missing=sorted(set(expected) - self._ready))
        await self._session.app.permit(0)
        return self._all_there(set(expected))

    async def _seek(self, device_id: str) -> None:
        """Ask where a device is. One that joined just before an earlier start was cut short is on
        the network, and zigpy does not know it; its answer makes it known."""
        from zigpy import zdo
        from zigpy.types import EUI64, BroadcastAddress
        from zigpy.zdo.types import AddrRequestType, ZDOCmd

        await zdo.broadcast(  # type: ignore[no-untyped-call]
            self._session.app,
            ZDOCmd.NWK_addr_req,
            0,
            0,
            IEEEAddr=EUI64.convert(device_id),
            RequestType=AddrRequestType.Single,
            StartIndex=0,
            broadcast_address=BroadcastAddress.ALL_DEVICES,
        )

    def _all_there(self, expected: set[str]) -> bool:
        return bool(self._ready) and expected <= self._ready and not self._coming

    # What zigpy calls. It swallows what these raise, so they only start work.

    def device_joined(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        log.info("device joined", device=device_id)
        self._coming.add(device_id)
        # It may have been reset, and then it has lost its bindings.
        self._anew.add(device_id)

    def device_initialized(self, device: ZigbeeDevice) -> None:
        if is_device(device):
            self._tasks.spawn(
                self.while_open(partial(self._arrive, device)), f"set up {device.ieee}"
            )

    def device_init_failure(self, device: ZigbeeDevice) -> None:
        self._coming.discard(str(device.ieee))
        self._moved.set()

    def device_left(self, device: ZigbeeDevice) -> None:
        self._coming.discard(str(device.ieee))
        self._moved.set()
        for view in self._roster.announced():
            if view.id == str(device.ieee):
                log.info("device left", device=view.id)
                view.set_silent(True)

    async def while_open(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with suppress(UnavailableError):
            async with self._session.under_way():
                await work()

    async def _arrive(self, device: ZigbeeDevice) -> None:
        view = self._roster.attach(device, self._session.air)
        view.set_online(True)
        await self._set_up(view)

    async def _set_up(self, view: DeviceView) -> None:
        """Until it is complete; people see the device after the first attempt."""
        coordinator = self._session.app.state.node_info.ieee
        anew = view.id in self._anew
        self._anew.discard(view.id)
        pauses = iter(_PAUSES_S)
        joins = anew or self._interviews.on_the_way(view.id)
        told = partial(self._interviews.tell, view.id, "setting_up") if joins else None
        while True:
            complete = await configure(view, coordinator, anew=anew, told=told)
            await self._roster.announce(view)
            if joins:
                self._interviews.tell(view.id, "ready", device=view.device())
                joins, told = False, None
            self._coming.discard(view.id)
            self._ready.add(view.id)
            self._moved.set()
            if complete:
                return
            await asyncio.sleep(next(pauses, _PAUSES_S[-1]))

    async def _refresh(self, view: DeviceView) -> None:
        """Read what a listening device may have changed while nobody heard it."""
        if view.sleepy:
            return
        async with self._refreshing:
            for port, attributes in view.reported().items():
                for _ in range(_REFRESH_ATTEMPTS):
                    try:
                        await port.read(attributes)
                    except SilentError:
                        continue
                    except RefusedError as error:
                        log.info("not readable", device=view.id, reason=str(error))
                    break
                else:
                    view.set_silent(True)
                    return
