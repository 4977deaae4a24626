"""One server elsewhere, for ever: one task owns it, and one state says how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import structlog

from pichat.config.types import McpServer
from pichat.errors import PiChatError
from pichat.mcp.base import Catalogue, ServerState, ServerStatus
from pichat.mcp.errors import (
    AnswerUnfitError,
    RemoteRefusedError,
    ServerDownError,
    ServerLostError,
    ServerSilentError,
)
from pichat.mcp.upstream.delivery import Delivery
from pichat.mcp.upstream.means import Means
from pichat.mcp.upstream.muttering import Muttering
from pichat.mcp.upstream.reasons import FailedError, in_words, is_lost, is_silent
from pichat.mcp.written import redacted

if TYPE_CHECKING:
    from mcp import types
    from mcp.shared.dispatcher import ProgressFnT

    from pichat.mcp.upstream.session import Session

log = structlog.get_logger(__name__)

_HEAD_START_S = 1.0


class Upstream:
    """Run `serve` in a task. `known`: what it told before; `tell` is called whenever its status or
    its catalogue has changed.

    A program with a known catalogue starts when it is first needed, and ends when it was not needed
    for `idle_s`; what has an address is kept open. Whoever calls while it starts waits, also when
    it has to be opened again after it was open for a while; while it rests after failures, nobody
    waits.
    """

    def __init__(
        self,
        name: str,
        settings: McpServer,
        means: Means,
        tell: Callable[[Upstream], None],
        known: Catalogue | None = None,
    ) -> None:
        self.name = name
        self.catalogue = known
        self._settings = settings
        self._means = means
        self._limits = means.limits
        self._tell = tell
        self._enabled = settings.enabled
        self._closed = False
        self._state: ServerState = "idle"
        self._reason: str | None = None
        self._again_s: float | None = None  # on the loop's clock
        self._failures = 0
        self._shaken = False  # it was fine until it failed, which it did once
        self._proved = False  # a call has succeeded in this session
        self._doubted = False  # whether it is still spoken to as before
        self._session: Session | None = None
        self._opening: asyncio.Future[Session] | None = None
        self._hurry = asyncio.Event()  # somebody waits for it to open
        self._calls = 0
        self._used_s = 0.0
        self._nudge = asyncio.Event()  # something happened that its owner has to look at
        self._renew = False

    # --- what others ask -------------------------------------------------------------------

    @property
    def settings(self) -> McpServer:
        return self._settings

    def status(self) -> ServerStatus:
        again_s = None
        if self._state == "failed" and self._again_s is not None:
            again_s = max(0.0, round(self._again_s - _now_s(), 1))
        return ServerStatus(
            name=self.name,
            state=self._state,
            reason=self._reason,
            again_s=again_s,
            era=self.catalogue.era if self.catalogue else "unknown",
            tools=len(self.catalogue.tools) if self.catalogue else 0,
        )

    def switch(self, *, on: bool) -> None:
        """Whether it may be used at all."""
        self._enabled = on
        self._failures, self._again_s = 0, None
        self._nudge.set()

    def close(self) -> None:
        """For ever; its owner's task is to be cancelled besides. The SDK may take the cancelling of
        a task for that of one of its own parts, so that this alone would not do."""
        self._closed, self._enabled = True, False
        self._nudge.set()

    def refresh(self) -> None:
        """Ask it again what it has, now, whether it rests or not."""
        self._failures, self._again_s = 0, None
        self._renew = True
        self._nudge.set()

    async def call(
        self, name: str, arguments: dict[str, Any], progress: ProgressFnT | None = None
    ) -> types.CallToolResult:
        """The server's own result, also where that is a failure of the tool's. Raises
        ServerDownError, ServerLostError, ServerSilentError, RemoteRefusedError and
        AnswerUnfitError. What certainly never reached it is sent once more. Cancelling it tells the
        server."""
        timeout_s = self._settings.call_timeout_s
        for once_more in (True, False):
            session = await self.opened()
            from mcp.shared.exceptions import MCPError  # which is there by now

            delivery = Delivery()
            try:
                with self._in_use():
                    result = await session.call(name, arguments, timeout_s, progress, delivery)
            except MCPError as error:
                failure: Exception = error
            except (FailedError, TimeoutError, ValueError) as error:
                failure = error
            else:
                self._proved = True
                return result
            if delivery.state != "unsent" or not once_more:
                break
            session.end(delivery.why or "It ended the connection.")
        raise self._failed_call(failure, delivery, timeout_s) from failure

    async def opened(self) -> Session:
        """For reading its prompts and resources. Raises ServerDownError."""
        if self._session is not None and self._session.why is None:
            return self._session
        if not self._enabled:
            raise ServerDownError(f"“{self.name}” is switched off.")
        if self._session is not None:  # it has just gone, and its owner has not seen that yet
            self._session = self._opening = None
        elif self._rests() and not self._shaken:
            raise ServerDownError(self._down(self._reason or ""))
        self._shaken, self._again_s = False, None
        opening = self._attempt()
        self._hurry.set()
        self._nudge.set()
        return await asyncio.shield(opening)

    # --- the owner -------------------------------------------------------------------------

    async def serve(self) -> None:
        """Keep it going, until it is closed and cancelled."""
        while not self._closed:
            if not self._enabled:
                self._become("off", None)
                await self._nudged()
            elif self._rests():
                await self._nudged(self._again_s)
            elif self._may_sleep():
                self._become("idle", None)
                await self._nudged()
            else:
                await self._live()

    async def _live(self) -> None:
        """From the opening to the end of one session."""
        opening = self._attempt()
        self._become("starting", None)
        began_s, reason = _now_s(), ""
        muttering = Muttering()
        try:
            await self._session_life(opening, muttering)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (its owner's boundary)
            said = muttering.tail()
            reason = in_words(error, self._limits.start_s) + (f" It said: {said}" if said else "")
            reason = redacted(reason, self._settings)
            log.info("mcp server failed", server=self.name, reason=reason)
        finally:
            self._let_go(opening)
            self._hurry.clear()
            if not opening.done():
                opening.set_exception(ServerDownError(self._down(reason)))
                opening.exception()  # nobody may be waiting
        if reason:
            self._fail(reason, steady=self._proved or _now_s() - began_s > self._limits.steady_s)

    async def _session_life(self, opening: asyncio.Future[Session], muttering: Muttering) -> None:
        first = not self._means.loaded
        http = await self._means.http()
        if first and self.catalogue is not None:
            await self._hurried(_HEAD_START_S)
        from pichat.mcp.upstream.opening import open_session

        program = bool(self._settings.command)
        gate = self._means.programs if program else self._means.addresses
        async with AsyncExitStack() as stack:
            async with gate.turn(None if program else self._hurry):
                known = None if self._doubted else self.catalogue
                self._doubted = known is not None  # until it is open
                session = await stack.enter_async_context(
                    open_session(
                        self._settings,
                        self._means,
                        http,
                        known,
                        muttering,
                        self._nudge.set,
                        self.name,
                    )
                )
                await self._learn(session)
            self._doubted = False
            self._session = session
            self._used_s = _now_s()
            opening.set_result(session)
            self._again_s, self._proved = None, False
            self._become("ready", None)
            following = asyncio.create_task(session.follow(), name=f"mcp follows {self.name}")
            try:
                await self._until_over(session)
            finally:
                self._let_go(opening)  # closing takes a while, and nobody may come in by then
                session.end("It is being closed.")
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _hurried(self, most_s: float) -> None:
        """At the start, whoever is called goes before those that only want to be open."""
        try:
            async with asyncio.timeout(most_s):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _until_over(self, session: Session) -> None:
        """While it is open: what changes is learnt. Returns when it is not wanted any more."""
        pause_s, learn_s, learnt_s = self._limits.settle_s, None, _now_s()
        while self._enabled and not self._closed:
            self._nudge.clear()
            if session.why is not None:
                raise FailedError(session.why)
            if self._renew:
                learn_s = _now_s()
            elif session.changed and learn_s is None:
                if _now_s() - learnt_s > 10 * pause_s:
                    pause_s = self._limits.settle_s
                learn_s = _now_s() + pause_s
                # Who changes all the time is asked less and less often.
                pause_s = min(2 * pause_s, self._limits.longest_settle_s)
            if learn_s is not None and learn_s <= _now_s():
                self._renew = session.changed = False
                session.changed = not await self._learns(session)
                learn_s, learnt_s = None, _now_s()
                continue
            if learn_s is None and self._is_unused():
                return
            await self._nudged(self._unused_s() if learn_s is None else learn_s)

    async def _learns(self, session: Session) -> bool:
        """Whether it told. What was known before stays known when it does not."""
        from mcp.shared.exceptions import MCPError

        try:
            await self._learn(session)
        except (FailedError, MCPError, ValueError) as error:
            reason = in_words(error, self._limits.list_s)
            log.info("mcp server does not tell what it has", server=self.name, reason=reason)
            return False
        return True

    async def _learn(self, session: Session) -> None:
        catalogue = await session.catalogue()
        if catalogue != self.catalogue:
            self.catalogue = catalogue
            self._tell(self)

    # ---------------------------------------------------------------------------------------

    def _let_go(self, opening: asyncio.Future[Session]) -> None:
        if self._opening is opening:
            self._session = self._opening = None

    def _attempt(self) -> asyncio.Future[Session]:
        """What whoever needs it waits for."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().create_future()
        return self._opening

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self._used_s = _now_s()

    def _unused_s(self) -> float | None:
        """When it ends if nobody needs it before; None: never."""
        if not self._settings.command:
            return None
        since_s = _now_s() if self._calls else self._used_s
        return since_s + self._settings.idle_s

    def _is_unused(self) -> bool:
        end_s = self._unused_s()
        return end_s is not None and end_s <= _now_s()

    def _may_sleep(self) -> bool:
        lazy = bool(self._settings.command) and self.catalogue is not None
        return lazy and self._opening is None and not self._renew

    def _rests(self) -> bool:
        return self._again_s is not None and self._again_s > _now_s()

    def _fail(self, reason: str, *, steady: bool) -> None:
        was_open = self._state == "ready"
        self._failures = 1 if steady and was_open else self._failures + 1
        self._shaken = was_open and self._failures == 1
        self._proved = False
        pause_s = min(
            self._limits.longest_pause_s, self._limits.first_pause_s * 2.0 ** (self._failures - 1)
        )
        self._again_s = _now_s() + pause_s
        self._become("failed", reason)
        if self._opening is None:
            return
        if self._shaken:  # somebody has come in between
            self._shaken, self._again_s = False, None
        else:
            opening, self._opening = self._opening, None
            opening.set_exception(ServerDownError(self._down(reason)))
            opening.exception()

    def _failed_call(self, error: Exception, delivery: Delivery, timeout_s: float) -> PiChatError:
        why = f" {delivery.why}" if delivery.why else ""
        if delivery.state == "unsent":
            return ServerDownError(self._down(delivery.why or ""))
        if delivery.state == "refused":
            said = delivery.why or in_words(error, timeout_s)
            return RemoteRefusedError(f"“{self.name}” did not do it. {said}")
        if isinstance(error, ValueError):
            return AnswerUnfitError(
                f"What “{self.name}” answered is against its own rules; it may have done it."
            )
        if isinstance(error, TimeoutError) or is_silent(error):
            return ServerSilentError(
                f"“{self.name}” did not answer within {timeout_s:g} s; it may still do it."
            )
        if why or is_lost(error):
            return ServerLostError(
                f"“{self.name}” failed in the middle of it; whether it was done is not known.{why}"
            )
        return RemoteRefusedError(f"“{self.name}” refused: {error}"[:400])

    def _down(self, reason: str) -> str:
        return f"“{self.name}” cannot be reached, and nothing was done. {reason}".strip()

    def _become(self, state: ServerState, reason: str | None) -> None:
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason = state, reason
            self._tell(self)

    async def _nudged(self, until_s: float | None = None) -> None:
        try:
            async with asyncio.timeout_at(until_s):
                await self._nudge.wait()
        except TimeoutError:
            pass
        self._nudge.clear()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
