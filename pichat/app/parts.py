"""How a part is started, and when it counts as ready."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Set
from functools import partial
from pathlib import Path

from pichat.bus import Bus
from pichat.config.types import Config
from pichat.events import PartHealth
from pichat.health import Health, keep_serving
from pichat.steps import Steps

_STOP_DEADLINE_S = 4.0
_READY_DEADLINE_S = 20.0


class Parts:
    """What the builders of this folder share: the configuration, the bus, the board of health, and
    the steps that are undone in reverse."""

    def __init__(self, config: Config, state_dir: Path) -> None:
        self.config = config
        self.state_dir = state_dir
        self.bus = Bus()
        self.health = Health(self.bus)
        self.steps = Steps(_STOP_DEADLINE_S)
        self._awaited: set[str] = set()

    def await_ready(self, *parts: str) -> None:
        """`ready` waits for them as well; somebody sets their health."""
        self._awaited.update(parts)

    def run(
        self, name: str, serve: Callable[[], Awaitable[None]], needs: Set[str] = frozenset()
    ) -> None:
        """Keep an optional part going, as soon as the parts that it needs were tried."""
        self._awaited.add(name)
        serving = partial(keep_serving, name, serve, self.health)
        self.steps.run(name, self.after(needs, serving))

    async def after(self, needs: Set[str], work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` once each of the parts works or has said why not."""
        await self._settled(needs)
        await work()

    async def ready(self) -> None:
        """Returns when every part works or has said why not, or after the deadline."""
        try:
            async with asyncio.timeout(_READY_DEADLINE_S):
                await self._settled(self._awaited)
        except TimeoutError:
            return

    def problems(self) -> dict[str, str]:
        """The reasons of the parts that are not well."""
        parts = self.health.parts()
        starting = dict.fromkeys(self._awaited - parts.keys(), "It is still starting.")
        return starting | {
            name: part.reason or ""
            for name, part in parts.items()
            if part.status in ("degraded", "failed")
        }

    async def _settled(self, parts: Set[str]) -> None:
        with self.bus.subscribe(PartHealth) as changes:
            while parts - self.health.parts().keys():
                await changes.get()
