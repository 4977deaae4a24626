"""One server elsewhere, for ever: one task owns it, and one state says how it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from pichat.config.types import McpServer
from pichat.errors import PiChatError
from pichat.mcp.base import Catalogue, ServerState, ServerStatus
from pichat.mcp.errors import (
    RemoteRefusedError,
    ServerDownError,
    ServerLostError,
    ServerSilentError,
)
from pichat.mcp.upstream.reasons import in_words, is_lost, is_silent
from pichat.mcp.upstream.stderr import muttering

if TYPE_CHECKING:
    from mcp import types
    from mcp.shared.dispatcher import ProgressFnT

    from pichat.mcp.upstream.session import Session
    from pichat.mcp.upstream.transports import SharedHttp

log = structlog.get_logger(__name__)

START_S = 30.0
"""A program may have to be unpacked first."""
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 120.0
_SETTLE_S = 0.2  # of changes that a server tells one after the other


class Upstream:
    """Run `serve` in a task. `known`: what it told before; `tell` is called whenever its status or
    its catalogue has changed. `gate`: how many programs may be
    started at a time.

    A program with a known catalogue starts when it is first needed, and ends when it was not needed
    for `idle_s`; what has an address is kept open. Whoever calls while it starts waits; while it
    rests after a failure, nobody does.
    """

    def __init__(
        self,
        name: str,
        settings: McpServer,
        http: SharedHttp,
        tell: Callable[[Upstream], None],
        known: Catalogue | None = None,
        gate: asyncio.Semaphore | None = None,
    ) -> None:
        self.name = name
        self.catalogue = known
        self._settings = settings
        self._http = http
        self._tell = tell
        self._gate = gate or asyncio.Semaphore()
        self._enabled = settings.enabled
        self._state: ServerState = "idle"
        self._reason: str | None = None
        self._again_s: float | None = None  # on the loop's clock
        self._failures = 0
        self._session: Session | None = None
        self._opening: asyncio.Future[Session] | None = None
        self._calls = 0
        self._used = asyncio.Event()
        self._nudge = asyncio.Event()  # something was asked of the owner
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

    def refresh(self) -> None:
        """Ask it again what it has, now, whether it rests or not."""
        self._failures, self._again_s = 0, None
        self._renew = True
        self._nudge.set()

    async def call(
        self, name: str, arguments: dict[str, Any], progress: ProgressFnT | None = None
    ) -> types.CallToolResult:
        """The server's own result, also where that is a failure of the tool's. Raises
        ServerDownError, ServerLostError, ServerSilentError and RemoteRefusedError. Cancelling it
        tells the server."""
        from mcp.shared.exceptions import MCPError

        session = await self._open()
        timeout_s = self._settings.call_timeout_s
        with self._in_use():
            try:
                return await session.call(name, arguments, timeout_s, progress)
            except MCPError as error:
                raise self._failed_call(error, timeout_s) from error
            except ValueError as error:  # pydantic's: what it answered is no result
                sentence = f"What “{self.name}” answered is against its own rules."
                raise RemoteRefusedError(sentence) from error

    async def opened(self) -> Session:
        """For reading its prompts and resources. Raises ServerDownError."""
        return await self._open()

    # --- the owner -------------------------------------------------------------------------

    async def serve(self) -> None:
        """Keep it going. Ends only by being cancelled."""
        while True:
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
        reason = ""
        with muttering() as errors:
            try:
                await self._session_life(opening, errors.file)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (its owner's boundary)
                said = errors.tail() if self._settings.command else ""
                reason = in_words(error, START_S) + (f" It said: {said}" if said else "")
                log.info("mcp server failed", server=self.name, reason=reason)
            finally:
                self._let_go(opening)
                if not opening.done():
                    opening.set_exception(ServerDownError(self._down(reason)))
                    opening.exception()  # nobody may be waiting
        if reason:
            self._fail(reason)

    async def _session_life(self, opening: asyncio.Future[Session], errors: TextIO) -> None:
        from pichat.mcp.upstream.session import open_session
        from pichat.mcp.upstream.transports import transport_of

        transport = transport_of(self._settings, self._http, errors)
        async with AsyncExitStack() as stack:
            async with self._gate if self._settings.command else nullcontext():
                opened = open_session(transport, self.catalogue, start_s=START_S)
                session = await stack.enter_async_context(opened)
                await self._learn(session)
            self._session = session
            opening.set_result(session)
            self._failures, self._again_s = 0, None
            self._become("ready", None)
            following = asyncio.create_task(session.follow(), name=f"mcp follows {self.name}")
            try:
                await self._until_over(session)
            finally:
                self._let_go(opening)  # closing takes a while, and nobody may come in by then
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _until_over(self, session: Session) -> None:
        """While it is open: what changes is learnt. Returns when it is not wanted any more."""
        while self._enabled:
            woken = self._renew or await self._woken(session)
            if session.ended.is_set():
                raise ConnectionResetError
            if not woken and self._calls == 0:
                return
            if session.changed.is_set() or self._renew:
                await asyncio.sleep(_SETTLE_S)
                session.changed.clear()
                self._renew = False
                await self._learn(session)

    async def _woken(self, session: Session) -> bool:
        """Whether anything happened before it was unused for too long."""
        self._nudge.clear()
        self._used.clear()
        waiting = [
            asyncio.ensure_future(event.wait())
            for event in (self._nudge, session.changed, session.ended, self._used)
        ]
        timeout_s = self._settings.idle_s if self._settings.command else None
        try:
            done, _ = await asyncio.wait(
                waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in waiting:
                each.cancel()
        return bool(done)

    async def _learn(self, session: Session) -> None:
        catalogue = await session.catalogue()
        if catalogue != self.catalogue:
            self.catalogue = catalogue
            self._tell(self)

    # ---------------------------------------------------------------------------------------

    async def _open(self) -> Session:
        if self._session is not None and not self._session.ended.is_set():
            return self._session
        if not self._enabled:
            raise ServerDownError(f"“{self.name}” is switched off.")
        if self._rests():
            raise ServerDownError(self._down(self._reason or ""))
        if self._session is not None:  # it has just gone, and its owner has not seen that yet
            self._session = self._opening = None
        opening = self._attempt()
        self._nudge.set()
        return await asyncio.shield(opening)

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
        self._used.set()
        try:
            yield
        finally:
            self._calls -= 1
            self._used.set()

    def _may_sleep(self) -> bool:
        lazy = bool(self._settings.command) and self.catalogue is not None
        return lazy and self._opening is None and not self._renew

    def _rests(self) -> bool:
        return self._again_s is not None and self._again_s > _now_s()

    def _fail(self, reason: str) -> None:
        self._failures += 1
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (self._failures - 1))
        self._again_s = _now_s() + pause_s
        self._become("failed", reason)

    def _failed_call(self, error: Any, timeout_s: float) -> PiChatError:
        if is_lost(error):
            return ServerLostError(
                f"“{self.name}” went away in the middle of it; whether it was done is not known."
            )
        if is_silent(error):
            return ServerSilentError(
                f"“{self.name}” did not answer within {timeout_s:g} s; it may still do it."
            )
        return RemoteRefusedError(f"“{self.name}” refused: {error.error.message[:300]}")

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
