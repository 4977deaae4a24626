"""Commands for devices that sleep: tried at once, else kept until the device wakes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import (
    DeviceSilentError,
    NotConfirmedError,
    NotFoundError,
    PiChatError,
    UnavailableError,
    WaitingError,
)
from pichat.events import ScreenCommand, State, WaitingEnded
from pichat.moments import clock
from pichat.store.db import uninterrupted
from pichat.store.waiting import WaitingCommand, WaitingCommands
from pichat.zigbee.presence.promises import promised
from pichat.zigbee.roster import Roster
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

    from pichat.zigbee.stick.radio import Session
    from pichat.zigbee.tasks import Tasks

log = structlog.get_logger(__name__)

_PATIENCE_S = 8.0
"""Of one that nobody waits for: a parent keeps a message for a sleeping child for 7.68 s."""
_KNOCK_S = 60.0
"""Some devices poll, and say nothing when they do: they are tried that often."""
_LOOK_S = 30.0
"""How often deadlines are looked at: at least twice within the shortest."""
_LEAST_LOOK_S = 0.5
_UNLOCK_S = 60.0
"""Nobody expects a door to unlock by itself later than that."""


class Send(Protocol):
    """`Hub.command`."""

    async def __call__(
        self,
        view: DeviceView,
        capability: str,
        value: State,
        transition_s: float | None = None,
        asleep_s: float = ...,
    ) -> State: ...


class Waiting:
    """Follows the radio, and remembers commands across restarts. Publishes WaitingEnded, and shows
    a notification where one was not done. `now` is in seconds since the epoch."""

    def __init__(
        self,
        store: WaitingCommands,
        roster: Roster,
        bus: Bus,
        deadline_s: float,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._roster = roster
        self._bus = bus
        self._deadline_s = deadline_s
        self._now = now
        self._send: Send
        self._tasks: Tasks | None = None
        self._commands: dict[tuple[str, str], WaitingCommand] = {}
        self._trying: dict[str, asyncio.Task[None]] = {}
        self._heard: set[str] = set()  # while it was being tried

    def through(self, send: Send) -> None:
        """Commands go out by `send`."""
        self._send = send

    # What the roster and the radio's life call

    async def load(self) -> None:
        self._commands = {(c.device_id, c.capability): c for c in await self._store.all()}

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        del device
        view.waiting = {c.capability: c.value for c in self._of(view.id)}

    async def forget(self, device_id: str) -> None:
        for command in self._of(device_id):
            del self._commands[device_id, command.capability]
        await self._store.forget(device_id)

    def follow(self, session: Session, tasks: Tasks) -> None:
        del session
        self._trying.clear()
        self._tasks = tasks
        tasks.spawn(self._knock(), "waiting commands")

    def heard(self, view: DeviceView) -> None:
        """The device is awake."""
        if self._of(view.id):
            self._heard.add(view.id)
            self._try(view)

    async def run(self) -> None:
        """Give up what has waited too long, for ever, also while the radio is away."""
        while True:
            await self.expire()
            left_s = [command.until_s - self._now() for command in self._commands.values()]
            await asyncio.sleep(max(min([*left_s, _LOOK_S]), _LEAST_LOOK_S))

    # What the hub calls

    async def now_or_later(
        self, view: DeviceView, capability: str, value: State, transition_s: float | None
    ) -> State:
        """The state that the device confirmed. Raises WaitingError when it sleeps, and what
        `Hub.command` raises beside DeviceSilentError."""
        await self._stop_trying(view)
        try:
            state = await self._send(view, capability, value, transition_s)
        except DeviceSilentError:
            raise WaitingError(await self._keep(view, capability, value)) from None
        except NotConfirmedError:
            await self._drop(view, capability)  # what came later has failed, and holds
            raise
        finally:
            self._try(view)  # what else it was to be told
        await self._drop(view, capability)
        return state

    async def cancel(self, view: DeviceView, capability: str | None) -> None:
        """Raises NotFoundError when nothing waits, and UnavailableError."""
        found = [c for c in self._of(view.id) if capability in (None, c.capability)]
        if not found:
            raise NotFoundError(f"Nothing waits for the {view.name}.")
        await self._stop_trying(view)
        for command in found:
            await self._drop(view, command.capability)
        self._try(view)

    async def expire(self) -> None:
        """Give up what has waited too long."""
        for command in list(self._commands.values()):
            if command.until_s <= self._now():
                view = self._roster.find(command.device_id)
                if view is None:  # the radio has not been there since the start
                    continue
                await self._stop_trying(view)
                await self._end(command, _too_late(view, command))

    def _of(self, device_id: str) -> list[WaitingCommand]:
        return [c for c in self._commands.values() if c.device_id == device_id]

    async def _keep(self, view: DeviceView, capability: str, value: State) -> str:
        """The sentence that says so."""
        unlocks = capability == "lock" and value is False
        wait_s = min(self._deadline_s, _UNLOCK_S) if unlocks else self._deadline_s
        command = WaitingCommand(
            device_id=view.id,
            capability=capability,
            value=value,
            until_s=self._now() + wait_s,
        )
        self._commands.pop((view.id, capability), None)  # the newest comes last
        self._commands[view.id, capability] = command
        view.set_waiting(capability, value)
        try:
            await self._store.keep(command)
        except UnavailableError as error:
            # It waits all the same, only not across a restart.
            log.warning("waiting command not kept", device=view.id, reason=error.sentence)
        log.info("command waits", device=view.id, capability=capability)
        return (
            f"The {view.name} is asleep. It will be {promised(view, capability, value)} when it"
            f" wakes, at the latest by {clock(command.until_s)}; else I will tell you."
        )

    async def _drop(self, view: DeviceView, capability: str) -> None:
        """Nothing of that waits any more."""
        if self._commands.pop((view.id, capability), None) is not None:
            view.set_waiting(capability, None)
            await uninterrupted(self._store.drop(view.id, capability))

    async def _knock(self) -> None:
        while True:
            for view in self._roster.announced():
                self._try(view)
            await asyncio.sleep(_KNOCK_S)

    def _try(self, view: DeviceView) -> None:
        """Tell the device what waits, unless that is under way."""
        if self._tasks is not None and view.id not in self._trying and self._of(view.id):
            self._tasks.spawn(self._deliver(view), f"tell {view.id}")

    async def _stop_trying(self, view: DeviceView) -> None:
        """Else an older command could be repeated after a newer one."""
        if (task := self._trying.get(view.id)) is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _deliver(self, view: DeviceView) -> None:
        task = asyncio.current_task()
        if task is None or view.id in self._trying:
            return
        self._trying[view.id] = task
        try:
            slept = True
            while slept:
                self._heard.discard(view.id)
                slept = await self._tell_all(view) and view.id in self._heard
        finally:
            if self._trying.get(view.id) is task:
                del self._trying[view.id]

    async def _tell_all(self, view: DeviceView) -> bool:
        """Returns whether it slept on."""
        for command in self._of(view.id):
            try:
                await self._send(view, command.capability, command.value, asleep_s=_PATIENCE_S)
            except (DeviceSilentError, UnavailableError):
                return True
            except PiChatError as error:
                await self._end(command, error.sentence)
            else:
                await self._end(command, None)
        return False

    async def _end(self, command: WaitingCommand, error: str | None) -> None:
        """It was done (None), or will not be."""
        key = command.device_id, command.capability
        view = self._roster.find(command.device_id)
        if self._commands.get(key) is not command:
            return  # a newer one has taken its place
        del self._commands[key]
        if view is not None:
            view.set_waiting(command.capability, None)
            self._tell(view, command, error)
        try:
            await uninterrupted(self._store.drop(*key))
        except UnavailableError as failure:
            log.warning("waiting command not forgotten", reason=failure.sentence)

    def _tell(self, view: DeviceView, command: WaitingCommand, error: str | None) -> None:
        log.info("waiting command ended", device=view.id, done=error is None)
        self._bus.publish(
            WaitingEnded(
                device_id=view.id,
                device_name=view.name,
                capability=command.capability,
                value=command.value,
                error=error,
            )
        )
        if error is not None:
            self._bus.publish(ScreenCommand(kind="notification", title=view.name, text=error))


def _too_late(view: DeviceView, command: WaitingCommand) -> str:
    what = promised(view, command.capability, command.value)
    return f"The {view.name} did not wake in time, so it was not {what}."
