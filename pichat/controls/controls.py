"""The owner of all controls: keeps each going, and says which one does not work."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from pichat.bus import Bus
from pichat.config.types import Controls as Config
from pichat.controls.base import REGISTRY, Control, States, Surroundings, Voice
from pichat.controls.gpio import Gpio, KernelGpio
from pichat.errors import PiChatError
from pichat.health import Health
from pichat.modules import load_all

log = structlog.get_logger(__name__)

PART = "controls"
_RETRY_S = 1.0  # a device that was plugged in is taken up within this


class Controls:
    """Reports as the part `controls`, once each of them was tried. None of them can end another,
    or the daemon."""

    def __init__(
        self,
        config: Config,
        bus: Bus,
        health: Health,
        voice: Voice,
        *,
        gpio: Gpio | None = None,
        retry_s: float = _RETRY_S,
    ) -> None:
        load_all("pichat.controls")
        self._health = health
        self._retry_s = retry_s
        self._states = States(bus, voice)
        around = Surroundings(voice, self._states, gpio or KernelGpio())
        self._controls: list[Control] = [
            control for make in REGISTRY.values() for control in make(config, around)
        ]
        self._problems: dict[str, str | None] = {}

    @property
    def any(self) -> bool:
        """Whether there is anything to serve."""
        return bool(self._controls)

    async def serve(self) -> None:
        """Serve for ever. An owner runs this in a task."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._states.serve())
            for control in self._controls:
                group.create_task(self._keep(control))

    async def _keep(self, control: Control) -> None:
        report = partial(self._report, control.name)
        while True:
            try:
                await control.serve(report)
            except PiChatError as error:
                report(error.sentence)
            except Exception as error:  # the owner's boundary: a control must not end the others
                log.exception("control failed", control=control.name)
                report(f"The {control.name} failed unexpectedly ({type(error).__name__}).")
            await asyncio.sleep(self._retry_s)

    def _report(self, name: str, problem: str | None) -> None:
        self._problems[name] = problem
        found = [sentence for sentence in self._problems.values() if sentence]
        if found:
            self._health.set(PART, "degraded", " ".join(dict.fromkeys(found)))
        elif len(self._problems) == len(self._controls):
            self._health.set(PART, "ok")
