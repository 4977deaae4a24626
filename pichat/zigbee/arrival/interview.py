"""Devices on their way in: how far each has come, and another try for those that got stuck.

zigpy tells only that a device joined and how its interview ended. What it knows of the device by
then grows with every answer, and each answer is told to listeners; so the steps are read off that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeGuard

import structlog

from pichat.bus import Bus
from pichat.errors import NotFoundError
from pichat.events import Device, JoinProgress
from pichat.events.house import JoinStep
from pichat.zigbee.air import sleeps
from pichat.zigbee.care.removal import erase
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

_AGAIN_S = (5.0, 30.0, 120.0, 600.0, 3600.0)
"""Between the interviews of a device that got stuck; the last one is repeated."""
_PATIENCE_S = 12.0
"""How long a device that is asked may be silent. zigpy waits for 28 s three times over, and what
waits at the parent of a sleeping device is dropped after 8 s: it has to be sent anew."""


class Interviews:
    """A Follower, and a listener of zigpy's application. Publishes JoinProgress."""

    def __init__(self, link: Link, bus: Bus) -> None:
        self._link = link
        self._bus = bus
        self._progress: dict[str, JoinProgress] = {}
        self._tries: dict[str, int] = {}
        self._failed_s: dict[str, float] = {}  # in the loop's time
        self._watches: dict[str, _Watch] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def follow(self, session: Session, tasks: Tasks) -> None:
        del tasks
        for device_id in list(self._progress):
            device = _find(session, device_id)
            if device is None or not _is_unfinished(device):
                self._gone(device_id, "The radio was away meanwhile; it goes on by itself.")
        session.app.add_listener(self)
        for device in list(session.app.devices.values()):
            if _is_unfinished(device):
                # zigpy takes one of its database for finished, and would never keep what it tells.
                device = session.app.add_device(device.ieee, device.nwk)
                self._watch(device)
                self._stuck(device)

    def under_way(self) -> tuple[JoinProgress, ...]:
        """Devices that are joining, and those that joined and never told what they are."""
        return tuple(self._progress.values())

    def on_the_way(self, device_id: str) -> bool:
        return device_id in self._progress

    def unfinished(self, device_id: str) -> ZigbeeDevice:
        """One that joined and has not told what it is. Raises NotFoundError, UnavailableError."""
        device = _find(self._link.open(), device_id)
        if device is None or not _is_unfinished(device):
            raise NotFoundError(f"No device {device_id} is waiting to be asked what it is.")
        return device

    def retry(self, device_id: str) -> JoinProgress:
        """Ask the device again what it is, also while it is asked. Raises what `unfinished`
        does."""
        self._ask(self.unfinished(device_id))
        return self._progress[device_id]

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
        if step in ("ready", "gone"):
            self._drop(device_id)

    # What zigpy calls. It swallows what these raise.

    def device_joined(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        self._drop(device_id)
        self.tell(device_id, "joined")
        if _is_unfinished(device):
            self._watch(device)
            self._later(_PATIENCE_S, self._give_up, device)  # zigpy asks it next

    def device_initialized(self, device: ZigbeeDevice) -> None:
        self._end_watch(str(device.ieee))

    def device_init_failure(self, device: ZigbeeDevice) -> None:
        if _is_unfinished(device):
            self._stuck(device)

    def device_left(self, device: ZigbeeDevice) -> None:
        self._gone(str(device.ieee), "It has left the network again.")
        if _is_unfinished(device):
            erase(device.application, device)  # there is nothing to remember it by

    def device_removed(self, device: ZigbeeDevice) -> None:
        self._gone(str(device.ieee), "It was removed.")

    # --- one device ------------------------------------------------------------------------------

    def _watch(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        self._end_watch(device_id)
        self._watches[device_id] = _Watch(device, self._moved)

    def _moved(self, watch: _Watch) -> None:
        device = watch.device
        if self._watches.get(str(device.ieee)) is not watch or not _is_unfinished(device):
            return
        if device.initializing:
            self._asked(device)
        elif device.is_initialized and self._rested(str(device.ieee)):
            self._ask(device)  # it is awake; zigpy asks by itself only before this stage

    def _rested(self, device_id: str) -> bool:
        """Whether what was heard is not the answer that made the last interview fail."""
        now_s = asyncio.get_running_loop().time()
        return now_s - self._failed_s.get(device_id, 0.0) > _AGAIN_S[0]

    def _ask(self, device: ZigbeeDevice) -> None:
        self._watch(device)
        if device.is_initialized:
            # Only its model is missing; zigpy does without when it is asked anew.
            for endpoint in device.non_zdo_endpoints:
                endpoint.status = type(endpoint.status).NEW
        device.schedule_initialize()
        self._asked(device)

    def _asked(self, device: ZigbeeDevice) -> None:
        """It is being asked, and was heard of just now."""
        self.tell(str(device.ieee), "interviewing", _asked_for(device))
        self._later(_PATIENCE_S, self._give_up, device)

    def _give_up(self, device: ZigbeeDevice) -> None:
        if _is_unfinished(device) and device.initializing:
            device.cancel_initialization()
            self._stuck(device)

    def _stuck(self, device: ZigbeeDevice) -> None:
        device_id = str(device.ieee)
        self._failed_s[device_id] = asyncio.get_running_loop().time()
        tries = self._tries.get(device_id, 0)
        self._tries[device_id] = tries + 1
        pause_s = _AGAIN_S[min(tries, len(_AGAIN_S) - 1)]
        asked_for = _asked_for(device)
        log.warning("interview failed", device=device_id, at=asked_for, again_in_s=pause_s)
        if not tries:
            _remember(device)
        self.tell(device_id, "failed", asked_for, reason=_why(device, asked_for))
        self._later(pause_s, self._again, device)

    def _again(self, device: ZigbeeDevice) -> None:
        session = self._link.session
        # zigpy asks by itself too, when it hears from the device.
        if session is None or _find(session, str(device.ieee)) is not device:
            return
        if _is_unfinished(device) and not device.initializing:
            self._ask(device)

    def _later(
        self, pause_s: float, what: Callable[[ZigbeeDevice], None], device: ZigbeeDevice
    ) -> None:
        """Instead of what was to be done later with it."""
        device_id = str(device.ieee)
        self._cancel_timer(device_id)
        self._timers[device_id] = asyncio.get_running_loop().call_later(pause_s, what, device)

    def _end_watch(self, device_id: str) -> None:
        if (watch := self._watches.pop(device_id, None)) is not None:
            watch.end()
        self._cancel_timer(device_id)

    def _cancel_timer(self, device_id: str) -> None:
        if (timer := self._timers.pop(device_id, None)) is not None:
            timer.cancel()

    def _gone(self, device_id: str, reason: str) -> None:
        """It is on its way no longer. Whoever follows it is told."""
        if device_id in self._progress:
            self.tell(device_id, "gone", reason=reason)

    def _drop(self, device_id: str) -> None:
        self._end_watch(device_id)
        self._progress.pop(device_id, None)
        self._tries.pop(device_id, None)
        self._failed_s.pop(device_id, None)


class _Watch:
    """A listener of one zigpy device."""

    def __init__(self, device: ZigbeeDevice, moved: Callable[[_Watch], None]) -> None:
        self.device = device
        self._moved = moved
        device.add_listener(self)

    def device_last_seen_updated(self, last_seen: Any) -> None:
        """At each message; whoever waits for it takes it in a moment later."""
        del last_seen
        asyncio.get_running_loop().call_soon(
            lambda: asyncio.get_running_loop().call_soon(self._moved, self)
        )

    def end(self) -> None:
        self.device.remove_listener(self)


def _find(session: Session, device_id: str) -> Any:
    return next((d for d in session.app.devices.values() if str(d.ieee) == device_id), None)


def _is_unfinished(device: Any) -> TypeGuard[ZigbeeDevice]:
    """Whether it joined, and has not told all of what it is; never the stick itself."""
    if not hasattr(device, "endpoints") or device.nwk == 0:
        return False
    # zigpy calls it initialised before its model is read, and gives it a signature after.
    return not device.is_initialized or device.original_signature is None


def _remember(device: ZigbeeDevice) -> None:
    """Have zigpy's database know that it joined, and no more: it does so by itself only once the
    interview is over, and after a restart nobody would know why the device does nothing."""
    app = device.application
    app.listener_event("raw_device_initialized", type(device)(app, device.ieee, device.nwk))


def _asked_for(device: ZigbeeDevice) -> str:
    """What is asked of it next, in the interview's order."""
    if device.node_desc is None:
        return "node descriptor"
    endpoints = device.non_zdo_endpoints
    if not endpoints:
        return "endpoints"
    done = sum(bool(endpoint.status) for endpoint in endpoints)
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
