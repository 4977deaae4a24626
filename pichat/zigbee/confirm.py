"""Ask a device for a state, and return only when the device said that it has it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from pichat.errors import DeviceSilentError, NotConfirmedError
from pichat.events import Capability, Colour, State
from pichat.moments import when
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.view import DeviceView, Feature

_PATIENCE = (0.12, 0.16, 0.2, 0.24, 0.28)
"""Shares of the confirmation's time that each sending waits for the device's answer. All that is
sent here may arrive twice: it names a state, never a step."""
ASLEEP_S = 2.5
"""How long a device that sleeps has while somebody waits: most poll every second or two. It is
told once, because its parent keeps what it is told."""
_RECENTLY_S = 3600.0
_RESEND_PAUSE_S = 0.1
_REPORT_S = 0.1
"""How long the report may take before the state is read instead. Reports of a change come with
the answer, unless the device holds them back (their least interval)."""
_WAVE_S = 0.15
"""How long the first report after a message to a group may take."""
_TROUGH_S = 0.08
"""A wave of reports has passed when none came for so long."""
_LONGEST_PAUSE_S = 1.0
_REST_S = 1.5
"""A device that has told the same state for so long is at rest."""


class Confirmation:
    """One command to one device. `confirm_timeout_s` bounds the sendings, and then the waiting
    for the state; devices that move have their own longer limit for the latter."""

    def __init__(
        self,
        view: DeviceView,
        feature: Feature,
        confirm_timeout_s: float,
        asleep_s: float = ASLEEP_S,
    ) -> None:
        self._view = view
        self._feature = feature
        self._timeout_s = confirm_timeout_s
        self._patience_s = (
            (asleep_s,) if view.sleepy else tuple(confirm_timeout_s * share for share in _PATIENCE)
        )

    async def run(
        self,
        wanted: State,
        transition_s: float | None = None,
        accepted: asyncio.Future[None] | None = None,
    ) -> State:
        """The state that the device confirmed; one that fades has `transition_s` in addition.
        `accepted` is done once the device has said that it will. Raises DeviceSilentError,
        NotConfirmedError."""
        converter = self._feature.converter
        restore = (
            converter.afterwards(self._feature.port.urgent(), wanted) if transition_s else None
        )
        state = await self._run(wanted, transition_s or 0.0, accepted)
        if restore is not None:
            with suppress(SilentError, RefusedError):  # the light is as it was wanted
                await restore()
        return state

    async def followed(
        self,
        wanted: State,
        watch: asyncio.Future[State],
        wave: Wave,
        transition_s: float | None = None,
    ) -> tuple[State, bool]:
        """What `run` returns, after a message to a whole group that this device was to follow, and
        whether it did. `watch` and `wave` began before that message. A device that did not follow
        is told alone."""
        converter = self._feature.converter
        before = wave.before(self._view, converter.name)
        if before is None or not converter.matches(wanted, before):
            await wave.passed(watch)
        if not watch.done() and self._view.state.get(converter.name) == before:
            # Its report may be lost, or it has the state already and reports no change.
            await self._read(None)
        if watch.done():
            return watch.result(), True
        if self._view.state.get(converter.name) != before and (converter.settle_s or transition_s):
            return await self._arrive(wanted, watch, _REPORT_S, transition_s or 0.0), True
        return await self.run(wanted, transition_s), False

    async def _run(
        self, wanted: State, transition_s: float, accepted: asyncio.Future[None] | None
    ) -> State:
        name = self._feature.converter.name
        before = self._view.state.get(name)
        with self._view.watch(name, wanted) as watch:
            await self._send(wanted, watch, transition_s)
            if accepted is not None:
                accepted.set_result(None)
            if self._feature.converter.answered:
                lasts_s = self._feature.converter.lasts_s(self._feature.port, wanted)
                self._view.assume(name, wanted, lasts_s)
                return wanted
            if watch.done():
                return watch.result()
            # A device that has the state already has no change to report.
            unchanged = before is not None and self._feature.converter.matches(wanted, before)
            pause_s = 0.0 if unchanged else _REPORT_S + transition_s
            return await self._arrive(wanted, watch, pause_s, transition_s)

    async def _send(self, wanted: State, watch: asyncio.Future[State], transition_s: float) -> None:
        """Returns when the device has answered, or its report has shown that it had heard."""
        for patience_s in self._patience_s:
            port = self._feature.port.urgent(patience_s)
            try:
                await self._feature.converter.command(port, wanted, transition_s or None)
            except SilentError:
                if watch.done():
                    return
                await asyncio.sleep(_RESEND_PAUSE_S)
            except RefusedError as error:
                raise NotConfirmedError(f"The {self._view.name} refused: {error}.") from error
            else:
                return
        raise self._silent()

    def _silent(self) -> DeviceSilentError:
        # One that sleeps is not missing because it sleeps.
        if not self._view.sleepy:
            self._view.set_silent(True)
        return silent(self._view)

    async def _arrive(
        self, wanted: State, watch: asyncio.Future[State], pause_s: float, transition_s: float
    ) -> State:
        """Wait for the report, and read where none comes."""
        converter = self._feature.converter
        progress = _Progress(
            asyncio.get_running_loop().time,
            self._view.state.get(converter.name),
            timeout_s=self._timeout_s,
            settle_s=_settling(converter.settle_s, self._timeout_s, transition_s),
        )
        while True:
            await asyncio.wait([watch], timeout=pause_s)
            if not watch.done():
                await self._read(progress)
            if watch.done():
                return watch.result()
            state = self._view.state.get(converter.name)
            progress.heard(state)
            if state is not None and progress.rests() and converter.near(wanted, state):
                return state
            if progress.over():
                raise self._unconfirmed(progress.answered)
            pause_s = min(max(pause_s * 2, 0.05), _LONGEST_PAUSE_S)

    async def _read(self, progress: _Progress | None) -> None:
        port = self._feature.port.urgent(self._timeout_s * _PATIENCE[0])
        try:
            await port.read(self._feature.attributes)
        except SilentError:
            return
        except RefusedError as error:
            raise NotConfirmedError(f"The {self._view.name} refused: {error}.") from error
        if progress is not None:
            progress.answered = True

    def _unconfirmed(self, answered: bool) -> DeviceSilentError | NotConfirmedError:
        if not answered:
            return self._silent()
        capability = self._feature.capability
        state = self._view.state.get(capability.name)
        return NotConfirmedError(f"The {self._view.name} did not do it: {told(capability, state)}.")


class Wave:
    """The reports that answer one message to many devices: they come together, in a wave."""

    def __init__(self, views: Iterable[DeviceView]) -> None:
        self._before = {view.id: dict(view.state) for view in views}
        self._now = asyncio.get_running_loop().time
        self._until_s = self._now() + _WAVE_S

    def before(self, view: DeviceView, capability: str) -> State | None:
        """The state before the message."""
        return self._before[view.id].get(capability)

    def sent(self) -> None:
        self._until_s = self._now() + _WAVE_S

    def heard(self, _: object = None) -> None:
        """One of the devices has told what was wanted of it."""
        self._until_s = max(self._until_s, self._now() + _TROUGH_S)

    async def passed(self, watch: asyncio.Future[State]) -> None:
        """Wait for the device's own report, as long as the others' come."""
        while not watch.done() and (left_s := self._until_s - self._now()) > 0:
            await asyncio.wait([watch], timeout=left_s)


class _Progress:
    """When a device has come to rest, and when to give up waiting."""

    def __init__(
        self,
        now: Callable[[], float],
        state: State | None,
        *,
        timeout_s: float,
        settle_s: float,
    ) -> None:
        self._now = now
        self._state = state
        self._timeout_s = timeout_s
        self._settle_s = settle_s
        self._began_s = self._changed_s = now()
        self._moved = False
        self.answered = False

    def heard(self, state: State | None) -> None:
        if state != self._state:
            self._state, self._changed_s, self._moved = state, self._now(), True

    def rests(self) -> bool:
        return self.answered and self._now() - self._changed_s > _REST_S

    def over(self) -> bool:
        """Some devices that move tell their position only at the end: one that has not moved yet
        gets all its time, one that has and then stands still does not."""
        took_s = self._now() - self._began_s
        if not self.answered or not self._settle_s:
            return took_s > self._timeout_s
        stands = self._moved and self._now() - self._changed_s > self._timeout_s
        return stands or took_s > self._settle_s


def _settling(settle_s: float, timeout_s: float, transition_s: float) -> float:
    return transition_s + (settle_s or timeout_s) if transition_s else settle_s


def silent(view: DeviceView) -> DeviceSilentError:
    """With the time when it was last heard from, where that is a while ago."""
    now_s, last_s = time.time(), view.zigpy.last_seen
    if last_s is None or now_s - last_s < _RECENTLY_S:
        return DeviceSilentError(f"The {view.name} does not answer.")
    ago = when(last_s, now_s)
    return DeviceSilentError(f"The {view.name} does not answer; it was last heard from {ago}.")


_WORDS = {"lock": ("locked", "unlocked"), "contact": ("open", "closed")}


def told(capability: Capability, state: State | None) -> str:
    """A state within a sentence."""
    what = capability.name.replace("_", " ")
    match state:
        case None if capability.name == "lock":
            return "its bolt is neither locked nor unlocked, and may be stuck"
        case None:
            return f"its {what} is unknown"
        case bool():
            return f"it is {_WORDS.get(capability.name, ('on', 'off'))[not state]}"
        case Colour():
            return (
                f"its hue is {state.hue_deg:g} degrees and its saturation"
                f" {state.saturation_percent:g} %"
            )
        case _:
            return f"its {what} is {state} {capability.unit or ''}".strip()
