"""config.yaml read again while the daemon runs: what can be taken over at once is, and what needs a
restart is named."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from pichat.config.differences import differences, taken_over
from pichat.config.last_good import ConfigFile
from pichat.config.types import Config
from pichat.errors import ConfigError
from pichat.gateway.services.reload import Reloaded
from pichat.health import Health
from pichat.turn.profiles import Profiles

if TYPE_CHECKING:
    from pichat.app.thinking import Thinking

log = structlog.get_logger(__name__)

PART = "config"
Commit = Callable[[], None]

DOOR = (
    "server.names",
    "server.origins",
    "server.trust_loopback",
    "server.api_token",
    "server.limits",
)
"""What the gateway takes over; its address, its name and its certificate need a restart."""


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes settings over while it runs. `settings`: dotted names, each with all below it.
    `prepare` raises ConfigError for what cannot be; what it returns then changes everything in one
    step, and cannot fail."""

    settings: tuple[str, ...]
    prepare: Callable[[Config], Commit]


class Reloading:
    """A `file` with a mistake changes nothing, and the board says what is wrong until it is
    mended. `running`: what the daemon was started with."""

    def __init__(
        self,
        running: Config,
        file: ConfigFile,
        takers: Sequence[Taker],
        health: Health,
    ) -> None:
        self._running = running
        self._file = file
        self._takers = takers
        self._health = health
        self._reloading = asyncio.Lock()

    async def started(self) -> None:
        """The daemon runs: with the file, which is kept then, or with an older copy of it."""
        if self._file.problem is None:
            await asyncio.to_thread(self._file.keep)
            return
        log.warning("config has mistakes", problem=self._file.problem)
        self._health.set(
            PART, "degraded", f"PiChat runs with the last good copy. {self._file.problem}"
        )

    async def reload(self) -> Reloaded:
        """Read the file again. Raises ConfigError with a line for each problem."""
        async with self._reloading:
            try:
                new = await asyncio.to_thread(self._file.reread)
                reloaded = self._take(new)
            except ConfigError as error:
                self._health.set(
                    PART, "degraded", f"The changed file is not in use. {error.sentence}"
                )
                raise
        await asyncio.to_thread(self._file.keep)
        log.info("config reloaded", applied=reloaded.applied, restart=reloaded.needs_restart)
        waiting = ", ".join(reloaded.needs_restart)
        self._health.set(
            PART,
            "degraded" if waiting else "ok",
            f"These changes hold after a restart: {waiting}." if waiting else None,
        )
        return reloaded

    def _take(self, new: Config) -> Reloaded:
        changed = differences(self._running, new)
        running, commits = self._running, []
        for taker in self._takers:
            if any(_under(name, taker.settings) for name in changed):
                for dotted in taker.settings:
                    running = taken_over(running, new, dotted)
                commits.append(taker)
        prepared = [taker.prepare(running) for taker in commits]
        for commit in prepared:
            commit()
        self._running = running
        left = differences(running, new)
        applied = tuple(name for name in changed if name not in left)
        return Reloaded(applied=applied, needs_restart=left)


def _under(name: str, settings: Sequence[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in settings)


def take_profiles(profiles: Profiles, thinking: Thinking, new: Config) -> Commit:
    """Profiles, and whom they can ask in the network. Raises ConfigError."""
    theirs = thinking.providers.prepare(new.llm.providers)
    ours = profiles.prepare(new)

    def commit() -> None:
        theirs()
        thinking.chain.providers_changed()
        ours()

    return commit
