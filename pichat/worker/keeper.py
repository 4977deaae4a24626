"""Keeps the child of one model: starts it, loads the model, and remembers how it failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec
import structlog

from pichat.errors import PiChatError, UnavailableError
from pichat.health import Health
from pichat.worker.child import Child, ChildEndedError
from pichat.worker.messages import Failed, Load, Loaded, Loading
from pichat.worker.rest import Rest

log = structlog.get_logger(__name__)


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker runs. `job`: a module like those of jobs/; `settings`: its Settings. `check`
    runs in a thread before each start and raises a PiChatError when loading would be in vain.
    `part`: its line in Health. "The {name} crashed while it was {doing}."."""

    job: str
    settings: Any
    part: str
    name: str
    doing: str
    check: Callable[[], None] = lambda: None


class Keeper:
    """Used by one task at a time. Health hears at once of what will not go away by itself, and of
    crashes from the second in a row on."""

    def __init__(
        self, model: Model, health: Health, load_s: float, on_loading: Callable[[float], None]
    ) -> None:
        self._model = model
        self._health = health
        self._load_s = load_s
        self._on_loading = on_loading
        self._rest = Rest()
        self.child: Child | None = None

    async def inspect(self) -> None:
        """Tell Health whether the model could be loaded, as far as can be seen from outside."""
        try:
            await asyncio.to_thread(self._model.check)
        except PiChatError as error:
            self._show(error.sentence)
        else:
            self._show(None)

    async def loaded(self) -> Child:
        """The child, with its model. Raises a PiChatError; then there is none."""
        if self.child is not None and not self.child.ended:
            return self.child
        if self.child is not None:
            self.child.complain()  # something ended it while it was idle
            await self.drop()
        if self._rest.left_s:
            raise UnavailableError(
                f"The {self._model.name} failed {self._rest.failures} times in a row. "
                f"It rests for another {self._rest.left_s:.0f} s."
            )
        await self._check()
        started_s = monotonic()
        try:
            self.child = await Child.start()
        except OSError as error:
            reason = f"The {self._model.name} could not be started ({error.strerror})."
            self._show(reason)
            raise UnavailableError(reason) from error
        try:
            async with asyncio.timeout(self._load_s):
                failure = await self._load(self.child)
        except TimeoutError:
            failure = UnavailableError(f"The {self._model.name} took too long to load.")
        except ChildEndedError:
            await self.child.kill()
            self.child.complain()
            failure = UnavailableError(
                f"The {self._model.name} crashed while it was loading ({self.child.ending})."
            )
        if failure is not None:
            await self.drop(kill=True)
            self._rest.failed()
            self._show(failure.sentence)
            raise failure
        took_ms = (monotonic() - started_s) * 1000
        log.info("worker loaded", part=self._model.part, pid=self.child.pid, took_ms=took_ms)
        return self.child

    async def _check(self) -> None:
        try:
            await asyncio.to_thread(self._model.check)
        except PiChatError as error:
            self._show(error.sentence)
            raise

    async def _load(self, child: Child) -> PiChatError | None:
        await child.send(Load(self._model.job, self._model.settings))
        while not isinstance(message := await child.receive(), Loaded):
            if isinstance(message, Loading):
                self._on_loading(message.done)
            elif isinstance(message, Failed) and message.code is not None:
                return PiChatError.of(message.code, message.reason)
            elif isinstance(message, Failed):
                return UnavailableError(
                    f"The {self._model.name} cannot be loaded ({message.reason}): "
                    "its files may be damaged."
                )
        return None

    async def drop(self, *, kill: bool = False) -> None:
        """Be without a child: it hangs up, or is killed. Does nothing when there is none."""
        if self.child is not None:
            # Forgotten only then: who is cancelled here must be able to wait for the end again.
            await (self.child.kill() if kill else self.child.end())
            self.child = None

    def worked(self) -> None:
        """It has answered."""
        self._rest.succeeded()
        self._show(None)

    def failed(self, how: str) -> None:
        """It crashed or hung during a request. `how`: "crashed (signal 9)"."""
        pause_s = self._rest.failed()
        log.warning("worker failed", part=self._model.part, how=how, pause_s=pause_s)
        if pause_s:
            times = f"{self._rest.failures} times in a row"
            self._show(f"The {self._model.name} {how}, {times}. It rests for {pause_s:.0f} s.")

    def _show(self, reason: str | None) -> None:
        self._health.set(self._model.part, "ok" if reason is None else "degraded", reason)
