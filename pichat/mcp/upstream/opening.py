"""From a server's settings to an open session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mcp.shared.exceptions import MCPError

from pichat.config.types import McpServer
from pichat.mcp.base import Catalogue
from pichat.mcp.upstream.asking import asking
from pichat.mcp.upstream.means import Means
from pichat.mcp.upstream.muttering import Muttering
from pichat.mcp.upstream.reasons import CONNECTION_CLOSED, FailedError, first_of
from pichat.mcp.upstream.session import Session
from pichat.mcp.upstream.stdio import program
from pichat.mcp.upstream.transports import SharedHttp, over_http


@asynccontextmanager
async def open_session(
    settings: McpServer,
    means: Means,
    http: SharedHttp,
    known: Catalogue | None,
    muttering: Muttering,
    wake: Callable[[], None],
    name: str = "",
) -> AsyncIterator[Session]:
    """`name`: the server's, for which it asks. `known`: what it told before. `muttering` hears what
    a program says beside MCP; `wake` is called when the session has something to tell. Raises what
    kept it from beginning."""
    limits = means.limits
    session = Session(limits, wake, asking(name, means.ask))
    if settings.command:
        transport = program(settings, limits, means.warden, muttering)
    else:
        transport = over_http(settings, http, limits, session.end)
    opened = session.opened(
        transport,
        known,
        probe_s=limits.probe_s if settings.command else limits.probe_http_s,
        direct=bool(settings.command),
    )
    try:
        async with opened:
            yield session
    except (Exception, BaseExceptionGroup) as error:
        cause = first_of(error)
        if isinstance(cause, MCPError) and cause.error.code == CONNECTION_CLOSED and session.why:
            raise FailedError(session.why) from error
        if isinstance(cause, TimeoutError) and muttering.astray:
            sentence = f"It did not answer within {limits.start_s:g} s; it wrote what is no MCP:"
            raise FailedError(f"{sentence} {muttering.astray}") from error
        raise
