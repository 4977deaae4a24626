"""A way to a server with somebody beside it, who bounds what comes and what waits, and hears first
when the other end has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse

from pichat.mcp.upstream.delivery import DELIVERY
from pichat.mcp.upstream.limits import Limits, Throttle
from pichat.mcp.upstream.listing import Shape, sort_out

_METHOD_NOT_FOUND = -32601
_MOST_WAITING = 64  # messages to a server that does not read


class Line:
    """What both directions know. `shapes`: what tools promise of their results. `end` is called
    with a sentence when no more can come, or nothing is taken any more, `change` when there are
    other things now. `probe_s`: how long an
    answer to the first question is waited for, None when it is known how to speak to it."""

    def __init__(
        self,
        limits: Limits,
        end: Callable[[str], None],
        change: Callable[[], None],
        probe_s: float | None,
        *,
        direct: bool,
    ) -> None:
        self.limits = limits
        self.end = end
        self.change = change
        self.probe_s = probe_s
        self.direct = direct  # what is written has left; else somebody posts it
        self.heard = Throttle(limits.messages_per_s, limits.messages_at_once)
        self.read = Throttle(limits.read_per_s, limits.read_per_s)
        self.shapes: dict[str, Shape] = {}
        self.probe_id: Any = None
        self.late = asyncio.Event()

    def asking(self, request: JSONRPCRequest) -> None:
        """A request is about to be sent, whose answer costs nothing."""
        self.read.give(1)
        if request.method == "server/discover" and self.probe_s is not None:
            self.probe_id = request.id
            asyncio.get_running_loop().call_later(self.probe_s, self.late.set)


class _Reading:
    """The SDK's ReadStream."""

    def __init__(self, inner: Any, line: Line) -> None:
        self._inner = inner
        self._line = line
        self._coming: asyncio.Future[Any] | None = None

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> Any:
        return await self._inner.receive()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while True:
            try:
                item = await self._next()
            except BaseException:
                self._line.end(getattr(self._inner, "ending", "") or "It ended the connection.")
                raise
            now_s = asyncio.get_running_loop().time()
            wait_s = self._line.read.take(1, now_s)
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            message = getattr(item, "message", None)
            if isinstance(message, JSONRPCResponse) and "tools" in message.result:
                self._line.shapes.update(sort_out(message.result))
            if isinstance(message, JSONRPCResponse | JSONRPCError) or self._is_heard(now_s):
                return item
            if getattr(message, "method", "").endswith("list_changed"):
                self._line.change()

    def _is_heard(self, now_s: float) -> bool:
        """Whether something that nobody asked for is one of those that are handed on."""
        heard = self._line.heard
        if heard.take(0, now_s) > 0:
            return False
        heard.take(1, now_s)
        return True

    async def _next(self) -> Any:
        """The next message, or what stands for the answer to a probe that got none in time."""
        if self._line.probe_s is None:
            coming, self._coming = self._coming, None
            return await (self._inner.__anext__() if coming is None else coming)
        coming = self._coming or asyncio.ensure_future(self._inner.__anext__())
        late = asyncio.ensure_future(self._line.late.wait())
        try:
            await asyncio.wait((coming, late), return_when=asyncio.FIRST_COMPLETED)
        except BaseException:
            coming.cancel()
            raise
        finally:
            late.cancel()
        if coming.done():
            self._coming = None
            item = coming.result()
            if getattr(getattr(item, "message", None), "id", None) == self._line.probe_id:
                self._line.probe_s = None
            return item
        self._coming, self._line.probe_s = coming, None
        error = ErrorData(code=_METHOD_NOT_FOUND, message="it was silent")
        return SessionMessage(JSONRPCError(jsonrpc="2.0", id=self._line.probe_id, error=error))

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> bool | None:
        self._line.end("It ended the connection.")
        if self._coming is not None:
            self._coming.cancel()
        left: bool | None = await self._inner.__aexit__(*failure)
        return left


class _Writing:
    """The SDK's WriteStream."""

    def __init__(self, inner: Any, line: Line) -> None:
        self._inner = inner
        self._line = line
        self._waiting = 0

    async def send(self, item: SessionMessage) -> None:
        if self._waiting >= _MOST_WAITING:
            self._line.end("It does not read what it is told.")
            raise anyio.BrokenResourceError
        if isinstance(item.message, JSONRPCRequest):
            self._line.asking(item.message)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._line.limits.write_s):
                await self._inner.send(item)
        except TimeoutError:
            self._line.end("It does not read what it is told.")
            raise anyio.BrokenResourceError from None
        finally:
            self._waiting -= 1
        delivery = DELIVERY.get()
        if self._line.direct and delivery is not None and is_call(item.message):
            delivery.leaves()

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> bool | None:
        left: bool | None = await self._inner.__aexit__(*failure)
        return left


def is_call(message: object) -> bool:
    return isinstance(message, JSONRPCRequest) and message.method == "tools/call"


@asynccontextmanager
async def watched(transport: Any, line: Line) -> AsyncIterator[tuple[Any, Any]]:
    async with transport as (read, write):
        yield _Reading(read, line), _Writing(write, line)
