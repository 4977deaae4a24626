"""A scenario played to a real hub: `await play(directory, paired, scenario("…"))`.

Whatever the scenario says, two things are held: what the hub says is done, the simulated device
really has; and the hub forgets no device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from pichat.config.types import Zigbee
from pichat.errors import PiChatError, attempt
from pichat.events import State
from pichat.simulator.control import SimulatorClient
from pichat.simulator.house import DeviceSpec
from pichat.simulator.player import Player, UnmetError
from pichat.simulator.process import SimulatorProcess
from pichat.simulator.scenario import Expect, HubStep, Scenario, read_scenario
from tests.zigbee.running import Running, running_hub
from tests.zigbee.simulated import DELAY_MS, HOUSE, copy_house

scenario = read_scenario
Outcome = tuple[str, str | None]  # done or an error's code, and a problem with it
_NAMES = {"on_off": "on", "lock": "locked", "cover_position": "position"}
"""Of the simulator's values, where they are not those of the capabilities."""
_ENOUGH = 1.0  # two programs round percentages each in its own way


async def play(directory: Path, paired: Path, played: Scenario) -> None:
    """Raises UnmetError. `paired` is a house whose devices have joined, which a scenario without
    devices of its own takes place in."""
    async with _house(directory, paired, played) as (running, sim):
        specs = played.devices or HOUSE.devices
        hub = HubWitness(running, sim, specs)
        try:
            await Player(sim, hub).play(played)
            if len(running.hub.devices()) < len(specs):
                raise UnmetError(f"Only {len(running.hub.devices())} devices are left.")
        finally:
            await hub.close()


@asynccontextmanager
async def _house(
    directory: Path, paired: Path, played: Scenario
) -> AsyncIterator[tuple[Running, SimulatorClient]]:
    house: Path | None = None
    if played.devices is None:
        directory = copy_house(paired, directory)
    else:
        house = directory / "house.json"
        house.write_bytes(msgspec.json.encode({"devices": played.devices}))
    specs = played.devices or HOUSE.devices
    names = {one.ieee: (one.name, one.area) for one in specs}
    control = directory / "control"
    async with (
        SimulatorProcess(
            control=control,
            house=house,
            state=directory / "stick.json",
            radio_delay_ms=DELAY_MS,
            seed=1,
        ) as process,
        SimulatorClient(control) as sim,
    ):
        config = Zigbee(path=process.path, confirm_timeout_s=played.confirm_timeout_s)
        async with running_hub(directory, config, names, pair=house is not None) as running:
            await running.until_status("ok")
            yield running, sim


class HubWitness:
    """Implements `player.Witness` for a running hub."""

    def __init__(self, running: Running, sim: SimulatorClient, specs: list[DeviceSpec]) -> None:
        self._running = running
        self._sim = sim
        self._ids = {one.id: one.ieee for one in specs}
        self._begun: dict[str, asyncio.Task[Outcome]] = {}

    async def close(self) -> None:
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)

    def begin(self, command: HubStep) -> None:
        work = self._set(command.set, command.capability, command.to)
        self._begun[command.name] = asyncio.create_task(work)

    async def _set(self, device: str, capability: str, to: State) -> Outcome:
        """What became of it, and how the device belies it."""
        result = await attempt(self._running.hub.set(self._ids[device], capability, to))
        if isinstance(result, PiChatError):
            return result.code, None
        really = (await self._sim.values(device)).get(_NAMES.get(capability, capability))
        if not _same(to, really):
            return "done", f"{device} was said to be done, and its {capability} is {really!r}."
        return "done", None

    async def meets(self, expected: Expect) -> None:
        try:
            async with asyncio.timeout(expected.within_s):
                await self._meets(expected)
        except TimeoutError:
            raise UnmetError(f"Not within {expected.within_s:g} s: {self._about()}") from None

    async def _meets(self, expected: Expect) -> None:
        if expected.status is not None:
            await self._status(expected.status, expected.reason or "")
        if expected.set is not None and expected.to is not None:
            work = self._set(expected.set, expected.capability, expected.to)
            _check(await work, expected.outcomes)
        if expected.of is not None:
            _check(await asyncio.shield(self._begun[expected.of]), expected.outcomes)
        if expected.devices is not None:
            await self._until(lambda: len(self._running.hub.devices()) == expected.devices)
        if expected.device is not None:
            about = expected.device
            await self._until(lambda: self._fits(about, expected.available, expected.state or {}))

    async def _status(self, status: str, reason: str) -> None:
        while True:
            part = self._running.health.parts().get("zigbee")
            if part is not None and part.status == status and reason in (part.reason or ""):
                return
            await self._running.conditions.get()

    async def _until(self, fits: Any) -> None:
        while not fits():
            await self._running.events.get()

    def _fits(self, name: str, available: bool | None, state: dict[str, State]) -> bool:
        found = [one for one in self._running.hub.devices() if one.id == self._ids[name]]
        return bool(
            found
            and (available is None or found[0].available == available)
            and state.items() <= found[0].state.items()
        )

    def _about(self) -> str:
        part = self._running.health.parts().get("zigbee")
        devices = {one.name: (one.available, one.state) for one in self._running.hub.devices()}
        return f"{part}, {devices}"


def _same(wanted: State, really: Any) -> bool:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return bool(wanted == really)
    return isinstance(really, int | float) and abs(wanted - really) <= _ENOUGH


def _check(outcome: Outcome, allowed: list[str]) -> None:
    came, problem = outcome
    if problem is not None:
        raise UnmetError(problem)
    if came not in allowed:
        raise UnmetError(f"The outcome was {came}, and not {' or '.join(allowed)}.")
