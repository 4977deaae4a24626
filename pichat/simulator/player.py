"""Plays a scenario against a running simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import msgspec

from pichat.simulator.control import SimulatorClient
from pichat.simulator.errors import SimulatorError
from pichat.simulator.scenario import (
    DeviceStep,
    Expect,
    HubStep,
    Scenario,
    Step,
    StickStep,
    When,
)

LOOK_AGAIN_S = 0.02


class UnmetError(SimulatorError):
    """An expectation of a scenario was not met."""

    code = "unmet"


class Witness(Protocol):
    """The hub that the scenario happens to."""

    def begin(self, command: HubStep) -> None:
        """In the background."""

    async def meets(self, expected: Expect) -> None:
        """Raises UnmetError with a sentence when the hub does not, in its time. `values` are
        looked at by the player."""


class Player:
    """`say` hears each step as a line before it is done."""

    def __init__(
        self,
        client: SimulatorClient,
        witness: Witness,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._client = client
        self._witness = witness
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._events: list[dict[str, Any]] = []
        self._happened = asyncio.Event()
        self._mark = 0

    async def play(self, scenario: Scenario) -> None:
        """Raises UnmetError; SimulatorError when the simulator refuses a step."""
        async with self._listening():
            self._began_s = self._ended_s = self._loop.time()
            await self._steps(scenario.steps, "step")

    async def _steps(self, steps: Sequence[Step], where: str) -> None:
        for number, step in enumerate(steps, 1):
            self._say(f"{where} {number}: {msgspec.to_builtins(step)}")
            try:
                await self._step(step)
            except SimulatorError as error:
                kind = UnmetError if isinstance(error, UnmetError) else SimulatorError
                raise kind(f"{where} {number}: {error.sentence}") from error
            self._ended_s = self._loop.time()

    async def _step(self, step: Step) -> None:
        now_s = self._loop.time()
        if step.at_s is not None:
            await asyncio.sleep(max(0.0, self._began_s + step.at_s - now_s))
        if step.after_s is not None:
            await asyncio.sleep(max(0.0, self._ended_s + step.after_s - now_s))
        if step.when is not None:
            await self._until(step.when, step.within_s)
        self._mark = len(self._events)
        await self._do(step)

    async def _do(self, step: Step) -> None:
        client = self._client
        if step.device is not None:
            await self._device(step.device)
        elif step.link is not None:
            fields = {name: value for name, value in step.link.items() if name != "of"}
            await client.device(step.link["of"], **fields)
        elif step.radio is not None:
            await client.settings(**step.radio)
        elif isinstance(step.stick, str):
            await client.request(step.stick)
        elif step.stick is not None:
            await self._stick(step.stick)
        elif step.hub is not None:
            self._witness.begin(step.hub)
        elif step.expect is not None:
            await self._expect(step.expect)
        elif step.repeat is not None:
            for turn in range(1, step.repeat.times + 1):
                await self._steps(step.repeat.steps, f"turn {turn}, step")

    async def _device(self, step: DeviceStep) -> None:
        if step.values:
            await self._client.set(step.id, **step.values)
        if step.do == "rejoin":
            more: dict[str, Any] = {"new_address": step.new_address, "parent": step.parent}
            await self._client.request("rejoin", device=step.id, **more)
        elif step.do is not None:
            await self._client.request(step.do, device=step.id)

    async def _stick(self, given: dict[str, Any]) -> None:
        step, settings = StickStep.split(given)
        if step.swap or step.network or step.ezsp:
            network = step.network or "same"
            await self._client.request("swap", stick=step.swap, network=network, ezsp=step.ezsp)
        if step.do is not None:
            more = {} if step.reason is None else {"reason": step.reason}
            await self._client.request(step.do, **more)
        if settings:
            await self._client.request("stick", **settings)

    async def _expect(self, expected: Expect) -> None:
        until_s = self._loop.time() + expected.within_s
        await self._witness.meets(expected)
        for device, wanted in (expected.values or {}).items():
            while not wanted.items() <= (values := await self._client.values(device)).items():
                if self._loop.time() > until_s:
                    raise UnmetError(f"{device} has {values}, and not {wanted}.")
                await asyncio.sleep(LOOK_AGAIN_S)

    # What happens

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        listening = asyncio.Event()

        async def listen() -> None:
            async for event in self._client.watch(air=True):
                listening.set()
                self._events.append(event)
                self._happened.set()

        task = asyncio.create_task(listen())
        try:
            waiting = asyncio.create_task(listening.wait())
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if task.done():
                task.result()
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _until(self, when: When, within_s: float) -> None:
        wanted = _event(when)
        seen, at = {}, self._mark
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self._happened.clear()
                    for event in self._events[at:]:
                        at += 1
                        if "values" in wanted and event.get("device") == when.device:
                            seen.update(event.get("values", {}))
                            event = {**event, "values": {k: seen.get(k) for k in when.values or {}}}
                        if wanted.items() <= event.items():
                            return
                    await self._happened.wait()
        except TimeoutError:
            raise UnmetError(f"{msgspec.to_builtins(when)} did not happen.") from None


def _event(when: When) -> dict[str, Any]:
    """The fields that the event has."""
    device = {} if when.device is None else {"device": when.device}
    if when.command is not None:
        return {"event": "command", "cluster": when.command, **device}
    if when.values is not None:
        return {"event": "changed", "values": when.values, **device}
    for name in ("joined", "left", "rejoined", "held"):
        if (who := getattr(when, name)) is not None:
            return {"event": name, "device": who}
    return {}
