"""Plays a scenario in virtual time, and says what did not happen as it should."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from tests.scenarios.check import check, told
from tests.scenarios.form import Event, Scenario, Step
from tests.support import noises
from tests.support.room import Wave
from tests.support.virtual import run_virtual
from tests.support.world import Moment, World

_AFTER_S = 0.3  # between the steps, unless a step says something else


@dataclass(frozen=True, slots=True)
class Played:
    """What happened, and what of it was wrong: a sentence each."""

    moments: tuple[Moment, ...]
    mistakes: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*map(told, self.moments), *(f"WRONG: {one}" for one in self.mistakes)])


def play(scenario: Scenario, folder: Path) -> Played:
    """WAV files are looked for in `folder`."""
    world = World(scenario.setting)
    mistakes = run_virtual(_play(world, scenario, folder))
    return Played(
        tuple(world.moments), (*mistakes, *world.broken, *check(world.moments, scenario.expect))
    )


async def _play(world: World, scenario: Scenario, folder: Path) -> list[str]:
    async with world.running():
        performance = _Performance(world, scenario, folder)
        try:
            async with asyncio.timeout(scenario.limit_s):
                await performance.perform()
                await performance.rest()
        except TimeoutError:
            return [f"after {scenario.limit_s:g} s it {performance.waits_for}"]
        finally:
            gc.collect()  # a task that failed unseen tells so when it goes
    return []


class _Performance:
    def __init__(self, world: World, scenario: Scenario, folder: Path) -> None:
        self._world = world
        self._scenario = scenario
        self._folder = folder
        self._began_s = world.now_s
        self._ended_s = world.now_s  # what was said before
        self._seen = 0  # moments before the last step
        self.waits_for = ""

    async def perform(self) -> None:
        for number, step in enumerate(self._scenario.script, 1):
            self.waits_for = f"still waited for step {number} ({step.when or 'its time'})"
            begin_s = await self._time_of(step)
            await self._until(begin_s)
            self._seen = len(self._world.moments)
            self._ended_s = max(self._ended_s, self._do(step))

    async def rest(self) -> None:
        """Return when all is over and PiChat has been where it should for a while."""
        await self._until(self._ended_s)
        wanted, world = self._scenario.ends, self._world
        while True:
            self.waits_for = f"was {', '.join(world.states())} and not {wanted}"
            await world.until(lambda: world.states() == {wanted}, self._scenario.limit_s)
            try:
                await world.until(lambda: world.states() != {wanted}, self._scenario.rest_s)
            except TimeoutError:
                return

    async def _time_of(self, step: Step) -> float:
        if step.at is not None:
            return self._began_s + step.at
        if step.when is not None:
            return await self._moment_of(step.when) + (step.after or 0.0)
        return self._ended_s + (_AFTER_S if step.after is None else step.after)

    async def _moment_of(self, event: Event) -> float:
        """When it next happened, counted from the step before."""
        moments = self._world.moments

        def found() -> list[Moment]:
            return [
                one
                for one in moments[self._seen :]
                if one.what in ("state", "milestone") and one.text == event
            ]

        await self._world.until(lambda: bool(found()), self._scenario.limit_s)
        return found()[0].at_s

    async def _until(self, at_s: float) -> None:
        await asyncio.sleep(max(0.0, at_s - self._world.now_s))

    def _do(self, step: Step) -> float:
        """Begin it; the time at which it ends."""
        world = self._world
        if step.do is None:
            wave, label = self._sound_of(step)
            return world.say(wave, label)
        world.note("do", step.do)
        match step.do:
            case "mute" | "unmute":
                world.loop.mute(step.do == "mute")
            case "press stop":
                world.loop.interrupt()
            case "press listen":
                world.loop.listen()
            case "unplug microphone" | "plug microphone":
                world.microphone.plug(step.do.startswith("plug"))
            case "unplug speaker" | "plug speaker":
                world.speaker.plug(step.do.startswith("plug"))
        return world.now_s

    def _sound_of(self, step: Step) -> tuple[Wave, str]:
        if step.say is not None:
            wave, label = noises.speech(step.say, step.voice, step.gain_db), step.say
        elif step.wav is not None:
            wave, label = noises.recording(self._folder / step.wav, step.gain_db), step.wav
        else:
            kind = next(kind for kind in get_args(noises.Kind) if kind == step.sound)
            wave = noises.sound(kind, step.seconds) * 10 ** (step.gain_db / 20)
            label = f"({kind})"
        if step.cut_s is not None:
            wave, label = wave[: round(step.cut_s * 16_000)], f"{label[:20]}-"
        return wave, label
