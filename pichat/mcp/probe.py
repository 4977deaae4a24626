"""Asks an address whether a server of tools answers there, in one breath and without the SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from pichat import __version__

if TYPE_CHECKING:
    import aiohttp

ANSWER_S = 2.0
_MOST_BYTES = 64 * 1024
_PATHS = ("/mcp", "/")
_OLD_PATH = "/sse"
_ACCEPT = {"Accept": "application/json, text/event-stream"}
_SESSION = "Mcp-Session-Id"
_REVISION = "2025-11-25"
_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": _REVISION,
        "capabilities": {},
        "clientInfo": {"name": "pichat", "version": __version__},
    },
}


class FoundServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server of tools that answered. `title`: as it calls itself; `needs_key`: it wants to be
    shown one first. `known`: the name under which it is set up already."""

    url: str
    transport: Literal["http", "sse"]
    title: str | None
    version: str | None
    needs_key: bool = False
    known: str | None = None


async def probe(session: aiohttp.ClientSession, base: str) -> FoundServer | None:
    """`base`: such as http://localhost:9001, or a whole address with its path. None where nothing
    of the kind answers."""
    import aiohttp

    has_path = base.count("/") > 2 and not base.endswith("/")
    paths = ("",) if has_path else _PATHS
    try:
        for path in paths:
            found = await _streamable(session, base.rstrip("/") + path)
            if found is not None:
                return found
        return await _old(session, base if has_path else base.rstrip("/") + _OLD_PATH)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return None


async def _streamable(session: aiohttp.ClientSession, url: str) -> FoundServer | None:
    asking = session.post(url, json=_INITIALIZE, headers=_ACCEPT, allow_redirects=False)
    async with asking as response:
        told = response.headers.get("WWW-Authenticate", "")
        if response.status == 401 and "resource_metadata" in told:  # only servers of tools do so
            return FoundServer(url=url, transport="http", title=None, version=None, needs_key=True)
        answer = await _first_json(response)
        server = _who(answer)
        key = response.headers.get(_SESSION)
    if server is None:
        return None
    if key is not None:  # a session that nobody will use
        async with session.delete(url, headers={_SESSION: key}, allow_redirects=False):
            pass
    return FoundServer(
        url=url, transport="http", title=_text(server, "name"), version=_text(server, "version")
    )


async def _old(session: aiohttp.ClientSession, url: str) -> FoundServer | None:
    """By the way of servers from before 2025: a stream whose first event says where to post."""
    headers = {"Accept": "text/event-stream"}
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        if response.status != 200 or response.content_type != "text/event-stream":
            return None
        async for line in _lines(response):
            if line.startswith(b"event:"):
                if line.removeprefix(b"event:").strip() != b"endpoint":
                    return None
                return FoundServer(url=url, transport="sse", title=None, version=None)
    return None


def _who(answer: Any) -> dict[str, Any] | None:
    """What a server says of itself; {} for one that speaks the protocol, but refuses."""
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
        return None
    result = answer.get("result")
    if isinstance(result, dict):
        info = result.get("serverInfo")
        return info if isinstance(info, dict) and "protocolVersion" in result else None
    return {} if isinstance(answer.get("error"), dict) else None


async def _first_json(response: aiohttp.ClientResponse) -> Any:
    """The body, or the first event that has data. None for what is neither."""
    if response.content_type == "application/json":
        body = b""
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > _MOST_BYTES:
                return None
        return msgspec.json.decode(body)
    if response.content_type == "text/event-stream":
        async for line in _lines(response):
            if line.startswith(b"data:") and line != b"data:":
                return msgspec.json.decode(line.removeprefix(b"data:"))
    return None


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Of the beginning of a stream."""
    size = 0
    while line := await response.content.readline():
        size += len(line)
        if size > _MOST_BYTES:
            return
        yield line.strip()


def _text(info: dict[str, Any], key: str) -> str | None:
    value = info.get(key)
    return "".join(filter(str.isprintable, value))[:100] if isinstance(value, str) else None
