"""Tools elsewhere, for models and for people: which fit what was said, and calls of them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from pichat.config.types import Mcp
from pichat.errors import (
    BadRequestError,
    BusyError,
    NotAllowedError,
    NotFoundError,
)
from pichat.events import ToolCall, ToolResult
from pichat.llm.base import ToolSpec
from pichat.mcp.arguments import checked
from pichat.mcp.depth import DEEPEST, asking
from pichat.mcp.plain import plain
from pichat.mcp.results import as_result
from pichat.mcp.snapshot import KnownTool, Snapshot, preferred_first
from pichat.mcp.told import CALLING, FINDING, found_view, spec_of
from pichat.store.audit import Line, on_record
from pichat.store.mcp_calls import CallLine
from pichat.tools.remote import FIND_TOOLS, Behalf, Progress

if TYPE_CHECKING:
    from mcp import types
    from mcp.shared.dispatcher import ProgressFnT

log = structlog.get_logger(__name__)

PROGRESS_EVERY_S = 0.2
_SEARCH_S = 0.5
_HITS = 40
_MORE_HITS = 400
_FOUND = 10
_BEFORE = 0.4  # what was said before counts less than what was said now
_FIRST_RANKS = 8
_MINUTE_S = 60.0


class Servers(Protocol):
    """See aggregator.Aggregator."""

    @property
    def now(self) -> Snapshot: ...

    async def call(
        self,
        alias: str,
        arguments: dict[str, Any],
        progress: ProgressFnT | None = None,
    ) -> types.CallToolResult: ...


class Search(Protocol):
    """See search.Finder."""

    async def find(self, text: str, most: int) -> tuple[str, ...]: ...


class Switchboard(Protocol):
    """See switches.Switches."""

    def is_on(self, alias: str, behalf: Behalf) -> bool: ...


class Calls(Protocol):
    """See store.mcp_calls.McpCalls."""

    def add(self, line: CallLine) -> None: ...


class Remote:
    """Implements tools.remote.RemoteTools. `bounds` is asked each time: it may be read again."""

    def __init__(
        self,
        servers: Servers,
        search: Search,
        switches: Switchboard,
        calls: Calls,
        bounds: Callable[[], Mcp],
    ) -> None:
        self._servers = servers
        self._search = search
        self._switches = switches
        self._calls = calls
        self._bounds = bounds
        self._lately: dict[str, deque[float]] = {}

    def names(self) -> Iterable[str]:
        """See RemoteTools."""
        return self._servers.now.tools

    def knows(self, name: str) -> bool:
        """See RemoteTools."""
        tools = self._servers.now.tools
        return name in tools or (name == FIND_TOOLS and bool(tools))

    def usable(self, behalf: Behalf) -> Iterator[KnownTool]:
        """Those that may be used on that behalf."""
        now = self._servers.now
        off = now.off
        for known in now.tools.values():
            if known.server not in off and self._why_not(known, behalf) is None:
                yield known

    async def call(
        self, call: ToolCall, behalf: Behalf, progress: Progress | None = None
    ) -> ToolResult:
        """See RemoteTools."""
        if call.name == FIND_TOOLS:
            return await self._find(call.arguments, behalf)
        with self._on_record(call.name, behalf) as line:
            known = self._servers.now.tools.get(call.name)
            if known is None:
                raise NotFoundError(f"There is no tool “{call.name[:64]}” of a server elsewhere.")
            if reason := self._why_not(known, behalf):
                raise NotAllowedError(reason)
            if behalf.depth >= DEEPEST:
                raise NotAllowedError(
                    f"Programs have asked each other {behalf.depth} times already; that is where"
                    " it ends."
                )
            arguments = checked(known.alias, call.arguments, plain(known.tool.schema))
            self._count(known.server)
            with asking(behalf.depth):
                answer = await self._servers.call(known.alias, arguments, _told(progress))
            result = as_result(answer, self._bounds().result_bytes)
            line.outcome = "failed" if result.failed else "ok"
            return result

    async def offered(self, texts: Sequence[str], behalf: Behalf) -> tuple[ToolSpec, ...]:
        """See RemoteTools."""
        if next(self.usable(behalf), None) is None:
            return ()
        best = await self._best(texts, behalf, self._bounds().offered_tools, alone=True)
        return (FINDING, CALLING, *map(spec_of, best))

    # --- finding ---------------------------------------------------------------------------

    async def _find(self, arguments: Mapping[str, Any], behalf: Behalf) -> ToolResult:
        query = arguments.get("query")
        if not isinstance(query, str) or not query.strip():
            raise BadRequestError(f"{FIND_TOOLS}: it lacks “query”, words for what is to be done.")
        if next(self.usable(behalf), None) is None:
            raise NotAllowedError("No tool of another program may be used here.")
        found = await self._best([query], behalf, _FOUND)
        if not found:
            return ToolResult(value="No tool of another program fits these words; try others.")
        return ToolResult(value={"tools": [*map(found_view, found)]}, outside=True)

    async def _best(
        self, texts: Sequence[str], behalf: Behalf, most: int, *, alone: bool = False
    ) -> list[KnownTool]:
        """`alone`: of tools that do the same, only the one that is preferred."""
        if most == 0:
            return []
        with suppress(TimeoutError):  # a disk that is busy must not keep a person waiting
            async with asyncio.timeout(_SEARCH_S):
                found = await self._usable_hits(texts, behalf, _HITS)
                if len(found) < most:  # the first were of those that may not be used
                    found = await self._usable_hits(texts, behalf, _MORE_HITS)
                return preferred_first(found, self._servers.now.instead, alone=alone)[:most]
        log.warning("tools elsewhere not searched in time")
        return []

    async def _usable_hits(
        self, texts: Sequence[str], behalf: Behalf, most: int
    ) -> list[KnownTool]:
        now = self._servers.now
        off = now.off
        found = []
        for alias in await self._hits(texts, most):
            known = now.tools.get(alias)
            if known is None or known.server in off:
                continue
            if self._why_not(known, behalf) is None:
                found.append(known)
        return found

    async def _hits(self, texts: Sequence[str], most: int) -> list[str]:
        """Of what was said now and before, merged by their ranks."""
        scores: dict[str, float] = {}
        for place, text in enumerate(texts):
            hits = await self._search.find(text, most)
            for rank, alias in enumerate(hits):
                weight = _BEFORE**place / (_FIRST_RANKS + rank)
                scores[alias] = scores.get(alias, 0.0) + weight
        return sorted(scores, key=lambda alias: -scores[alias])

    # --- bounds ----------------------------------------------------------------------------

    def _why_not(self, known: KnownTool, behalf: Behalf) -> str | None:
        """A sentence on why it may not be used on that behalf."""
        if known.changed:
            return (
                f"“{known.alias}” says another thing of itself than before; the owner of this house"
                " has to agree first."
            )
        if not behalf.permits(known.alias):
            return f"The tool “{known.alias}” is not among those that may be used."
        if not self._switches.is_on(known.alias, behalf):
            return f"The tool “{known.alias}” is switched off."
        return None

    def _count(self, server: str) -> None:
        """Raises BusyError when the server was called too often within a minute."""
        now_s, most = time.monotonic(), self._bounds().calls_per_minute
        lately = self._lately.setdefault(server, deque())
        while lately and lately[0] <= now_s - _MINUTE_S:
            lately.popleft()
        if len(lately) >= most:
            wait_s = lately[-most] + _MINUTE_S - now_s
            raise BusyError(
                f"“{server}” was called {most} times within a minute, which is the most; try again"
                f" in {max(1, round(wait_s))} s."
            )
        lately.append(now_s)

    def _on_record(self, alias: str, behalf: Behalf) -> AbstractContextManager[Line]:
        """One line for the call, however it ends."""
        started_s = time.monotonic()

        def write(line: Line) -> None:
            self._write(alias, behalf, line.outcome, time.monotonic() - started_s)

        return on_record(Line(), write)

    def _write(self, alias: str, behalf: Behalf, outcome: str, took_s: float) -> None:
        line = CallLine(
            at_s=time.time(),
            turn_id=behalf.turn_id,
            source=behalf.source,
            user_id=behalf.user_id,
            client_id=behalf.client_id,
            token_id=behalf.token_id,
            alias=alias[:64],
            outcome=outcome,
            duration_ms=round(took_s * 1000, 1),
        )
        try:
            self._calls.add(line)
        except BusyError as error:  # the house's own audit has admitted it, and has a line
            log.warning("call of a tool elsewhere not recorded", reason=error.sentence)


def _told(progress: Progress | None) -> ProgressFnT | None:
    """For the SDK: at most five times a second, whatever a server sends."""
    if progress is None:
        return None
    tell, last_s = progress, float("-inf")

    async def tell_now(progress: float, total: float | None, message: str | None) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= PROGRESS_EVERY_S:
            last_s = now_s
            tell(progress, total, (message or "")[:200])

    return tell_now
