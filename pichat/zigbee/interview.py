"""Devices on their way in: how far each has come, and another try for those that got stuck.

zigpy tells only that a device joined and how its interview ended. What it knows of the device by
then grows with every answer, and each answer is told to listeners; so the steps are read off that.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard

import structlog

from pichat.bus import Bus
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import Device, JoinProgress
from pichat.events.house import JoinStep
from pichat.zigbee.air import sleeps
from pichat.zigbee.link import Link
from pichat.zigbee.radio import Session
from pichat.zigbee.tasks import Tasks

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

_AGAIN_S = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Between the interviews of a device that got stuck; the last one is repeated."""


class Interviews:
    """A Follower, and a listener of zigpy's application. Publishes JoinProgress."""

    def __init__(self, link: Link, bus: Bus) -> None:
        self._link = link
        self._bus = bus
        self._progress: dict[str, JoinProgress] = {}
        self._tries: dict[str, int] = {}
        self._watches: dict[str, _Watch] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def follow(self, session: Session, tasks: Tasks) -> None:
        del tasks
        self._forget_all()
        session.app.add_listener(self)
        for device in list(session.app.devices.values()):
            if _is_unfinished(device):
                self._stuck(device)

    def under_way(self) -> tuple[JoinProgress, ...]:
        """Devices that are joining, and those that joined and never told what they are."""
        return tuple(self._progress.values())

    def retry(self, device_id: str) -> JoinProgress:
        """Ask the device again what it is. Raises NotFoundError when it is not among those that
        are not finished, BadRequestError while it is being asked, UnavailableError."""
        session = self._link.open()
        device = _find(session, device_id)
        if device is None or not _is_unfinished(device):
            raise NotFoundError(f"No device {device_id} is waiting to be asked what it is.")
        if device.initializing:
            raise BadRequestError("It is being asked just now.")
        self._ask(device)
        return self._progress[device_id]

    async def forget(self, device_id: str) -> None:
        """Let a device go that never finished. Raises NotFoundError, UnavailableError."""
        async with self._link.under_way() as session:
            device = _find(session, device_id)
            if device is None or not _is_unfinished(device):
                raise NotFoundError(f"No device {device_id} is waiting to be asked what it is.")
            device.cancel_initialization()
            await session.app.remove(device.ieee)
        self._drop(device_id)

    def tell(
        self,
        device_id: str,
        step: JoinStep,
        detail: str = "",
        *,
        reason: str | None = None,
        device: Device | None = None,
    ) -> None:
        """A step of a device that is joining."""
        told = JoinProgress(
            device_id=device_id, step=step, detail=detail, reason=reason, device=device
        )
        if self._progress.get(device_id) == told:
            return
        self._progress[device_id] = told
        self._bus.publish(told)
        if step == "ready":
            self._drop(device_id)

    # What zigpy calls. It swallows what these raise.

    def device_joined(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        self._drop(device_id)
        self.tell(device_id, "joined")
        if not device.is_initialized:
            self._watch(device)

    def device_initialized(self, device: ZigbeeDevice) -> None:
        self._end_watch(str(device.ieee))

    def device_init_failure(self, device: ZigbeeDevice) -> None:
        if _is_unfinished(device):
            self._stuck(device)

    def device_left(self, device: ZigbeeDevice) -> None:
        if str(device.ieee) in self._progress:
            self.tell(str(device.ieee), "failed", reason="It has left the network again.")
            self._drop(str(device.ieee))

    # --- one device ------------------------------------------------------------------------------

    def _watch(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        self._end_watch(device_id)
        self._watches[device_id] = _Watch(device, self._moved)

    def _moved(self, device: ZigbeeDevice) -> None:
        if _is_unfinished(device) and device.initializing:
            self.tell(str(device.ieee), "interviewing", _asked_for(device))

    def _ask(self, device: ZigbeeDevice) -> None:
        self._cancel_timer(str(device.ieee))
        self._watch(device)
        device.schedule_initialize()
        self.tell(str(device.ieee), "interviewing", _asked_for(device))

    def _stuck(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        tries = self._tries.get(device_id, 0)
        self._tries[device_id] = tries + 1
        pause_s = _AGAIN_S[min(tries, len(_AGAIN_S) - 1)]
        asked_for = _asked_for(device)
        log.warning("interview failed", device=device_id, at=asked_for, again_in_s=pause_s)
        self.tell(device_id, "failed", asked_for, reason=_why(device, asked_for))
        self._cancel_timer(device_id)
        again = partial(self._again, device)
        self._timers[device_id] = asyncio.get_running_loop().call_later(pause_s, again)

    def _again(self, device: ZigbeeDevice) -> None:
        session = self._link.session
        # zigpy asks by itself too, when it hears from the device.
        if session is None or _find(session, str(device.ieee)) is not device:
            return
        if _is_unfinished(device) and not device.initializing:
            self._ask(device)

    def _end_watch(self, device_id: str) -> None:
        if (watch := self._watches.pop(device_id, None)) is not None:
            watch.end()
        self._cancel_timer(device_id)

    def _cancel_timer(self, device_id: str) -> None:
        if (timer := self._timers.pop(device_id, None)) is not None:
            timer.cancel()

    def _drop(self, device_id: str) -> None:
        self._end_watch(device_id)
        self._progress.pop(device_id, None)
        self._tries.pop(device_id, None)

    def _forget_all(self) -> None:
        for device_id in list(self._progress):
            self._drop(device_id)


class _Watch:
    """A listener of one zigpy device."""

    def __init__(self, device: ZigbeeDevice, moved: Any) -> None:
        self._device = device
        self._moved = moved
        device.add_listener(self)

    def device_last_seen_updated(self, last_seen: Any) -> None:
        """At each message; whoever waits for it takes it in a moment later."""
        del last_seen
        asyncio.get_running_loop().call_soon(
            lambda: asyncio.get_running_loop().call_soon(self._moved, self._device)
        )

    def end(self) -> None:
        self._device.remove_listener(self)


def _find(session: Session, device_id: str) -> Any:
    return next((d for d in session.app.devices.values() if str(d.ieee) == device_id), None)


def _is_unfinished(device: Any) -> TypeGuard[ZigbeeDevice]:
    """Whether it joined, and has not told what it is; never the stick itself."""
    return hasattr(device, "endpoints") and not device.is_initialized and device.nwk != 0


def _asked_for(device: ZigbeeDevice) -> str:
    """What is asked of it next, in the interview's order."""
    if device.node_desc is None:
        return "node descriptor"
    endpoints = device.non_zdo_endpoints
    if not endpoints:
        return "endpoints"
    done = sum(endpoint.profile_id is not None for endpoint in endpoints)
    if done < len(endpoints):
        return f"endpoint {done + 1} of {len(endpoints)}"
    return "maker and model"


def _why(device: ZigbeeDevice, asked_for: str) -> str:
    reason = f"It does not tell what it is (it stopped answering at: {asked_for})."
    # Before it has told whether it sleeps, it may be anything.
    if device.node_desc is None or sleeps(device):
        reason += " If it runs on a battery, press its button now and then to keep it awake."
    return (
        f"{reason} It is asked again by itself; nearer to the stick, or to a lamp or plug that"
        " relays, is better."
    )
