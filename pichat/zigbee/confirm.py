"""Ask a device for a state, and return only when the device said that it has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from pichat.errors import DeviceSilentError, NotConfirmedError
from pichat.events import Capability, Colour, State
from pichat.zigbee.air import RefusedError, SilentError
from pichat.zigbee.view import DeviceView, Feature

_PATIENCE = (0.12, 0.16, 0.2, 0.24, 0.28)
"""Shares of the confirmation's time that each sending waits for the device's answer. All that is
sent here may arrive twice: it names a state, never a step."""
_PATIENCE_SLEEPY = (0.5, 0.5)
_RESEND_PAUSE_S = 0.1
_REPORT_S = 0.1
"""How long the report may take before the state is read instead. Reports of a change come with
the answer, unless the device holds them back (their least interval)."""
_LONGEST_PAUSE_S = 1.0
_REST_S = 1.5
"""A device that has told the same state for so long is at rest."""


class Confirmation:
    """One command to one device. `confirm_timeout_s` bounds the sendings, and then the waiting
    for the state; devices that move have their own longer limit for the latter."""

    def __init__(self, view: DeviceView, feature: Feature, confirm_timeout_s: float) -> None:
        self._view = view
        self._feature = feature
        self._timeout_s = confirm_timeout_s

    async def run(self, wanted: State, transition_s: float | None = None) -> State:
        """The state that the device confirmed; one that fades has `transition_s` in addition.
        Raises DeviceSilentError, NotConfirmedError."""
        converter = self._feature.converter
        restore = (
            converter.afterwards(self._feature.port.urgent(), wanted) if transition_s else None
        )
        state = await self._run(wanted, transition_s or 0.0)
        if restore is not None:
            with suppress(SilentError, RefusedError):  # the light is as it was wanted
                await restore()
        return state

    async def _run(self, wanted: State, transition_s: float) -> State:
        name = self._feature.converter.name
        before = self._view.state.get(name)
        with self._view.watch(name, wanted) as watch:
            await self._send(wanted, watch, transition_s)
            if watch.done():
                return watch.result()
            # A device that has the state already has no change to report.
            unchanged = before is not None and self._feature.converter.matches(wanted, before)
            pause_s = 0.0 if unchanged else _REPORT_S + transition_s
            return await self._arrive(wanted, watch, pause_s, transition_s)

    async def _send(self, wanted: State, watch: asyncio.Future[State], transition_s: float) -> None:
        """Returns when the device has answered, or its report has shown that it had heard."""
        for share in _PATIENCE_SLEEPY if self._view.sleepy else _PATIENCE:
            port = self._feature.port.urgent(self._timeout_s * share)
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
        self._view.set_silent(True)
        raise silent(self._view)

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

    async def _read(self, progress: _Progress) -> None:
        port = self._feature.port.urgent(self._timeout_s * _PATIENCE[0])
        try:
            await port.read(self._feature.attributes)
        except SilentError:
            return
        except RefusedError as error:
            raise NotConfirmedError(f"The {self._view.name} refused: {error}.") from error
        progress.answered = True

    def _unconfirmed(self, answered: bool) -> DeviceSilentError | NotConfirmedError:
        if not answered:
            self._view.set_silent(True)
            return silent(self._view)
        capability = self._feature.capability
        state = self._view.state.get(capability.name)
        return NotConfirmedError(f"The {self._view.name} did not do it: {told(capability, state)}.")


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
    return DeviceSilentError(f"The {view.name} does not answer.")


_WORDS = {"lock": ("locked", "unlocked"), "contact": ("open", "closed")}


def told(capability: Capability, state: State | None) -> str:
    """A state within a sentence."""
    what = capability.name.replace("_", " ")
    match state:
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
