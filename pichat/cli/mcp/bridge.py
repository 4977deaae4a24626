"""From a program that speaks MCP over pipes to the running daemon's /mcp, whichever revision it
speaks."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

from pichat.cli.client import NOT_KNOWN
from pichat.cli.mcp.stdio import LONGEST_BYTES, Message
from pichat.cli.trust import trusted
from pichat.errors import BusyError, NotAllowedError, PiChatError, UnavailableError
from pichat.state import read_secret, running_url

MOST_AT_ONCE = 128
_AGAIN_S = 1.0
_CONNECT_S = 10.0
_FAILED = -32603
_VERSION = "io.modelcontextprotocol/protocolVersion"
_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

Tell = Callable[[Message], Awaitable[None]]


class SessionGoneError(UnavailableError):
    """The daemon was started anew, and knows nothing of the session any more."""

    code = "mcp_session_gone"


class Bridge:
    """`async with` it. `tell` gets each message of the daemon's, `complain` a sentence for a person
    to read. A daemon that was started anew is found again, and the session begun again."""

    def __init__(self, state_dir: Path, tell: Tell, complain: Callable[[str], None]) -> None:
        self._state_dir = state_dir
        self._tell = tell
        self._complain = complain
        self._http: aiohttp.ClientSession | None = None
        self._began: Message | None = None  # the `initialize` of a client with a session
        self._session: str | None = None
        self._version: str | None = None
        self._followed: dict[str, Message] = {}
        self._renewing = asyncio.Lock()
        self._requests: dict[Any, asyncio.Task[None]] = {}
        self._hearing: asyncio.Task[None] | None = None
        self._missed = False

    async def __aenter__(self) -> Bridge:
        timeout = aiohttp.ClientTimeout(total=None, connect=_CONNECT_S)
        self._http = aiohttp.ClientSession(timeout=timeout, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        ending = [*self._requests.values(), *([self._hearing] if self._hearing else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def settled(self, wait_s: float) -> None:
        """Waits for what was asked, but not for streams that last."""
        waiting = [t for t in self._requests.values() if t.get_name() != "subscriptions/listen"]
        if waiting:
            await asyncio.wait(waiting, timeout=wait_s)

    async def take(self, message: Message) -> None:
        """One message of the program's."""
        method, number = message.get("method"), message.get("id")
        if method == "notifications/cancelled" and self._is_modern(message):
            self._cancel(message)
        elif method == "initialize":
            await self._begin(message)
        elif method is None or number is None:
            await self._post_on(message)  # in its order
            if method == "notifications/initialized":
                self._hearing = self._hearing or asyncio.create_task(self._hear())
        elif len(self._requests) >= MOST_AT_ONCE:
            await self._fail(message, BusyError("Too much is being asked at once."))
        else:
            task = asyncio.create_task(self._post_on(message), name=str(method))
            self._requests[number] = task
            task.add_done_callback(lambda _: self._requests.pop(number, None))

    # --- sessions ------------------------------------------------------------------------------

    async def _begin(self, message: Message) -> None:
        self._began, self._session, self._version = message, None, None
        await self._post_on(message)

    async def _renew(self, lost: str | None) -> None:
        """Begin the session again, once for all that noticed."""
        async with self._renewing:
            if self._session != lost or self._began is None:
                return
            self._session = self._version = None
            async for _ in self._post(self._began):
                pass
            told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            for each in (told, *self._followed.values()):
                async for _ in self._post(each):
                    pass

    def _remember(self, message: Message) -> None:
        uri = str((message.get("params") or {}).get("uri", ""))
        if message.get("method") == "resources/subscribe" and len(self._followed) < MOST_AT_ONCE:
            self._followed[uri] = message
        elif message.get("method") == "resources/unsubscribe":
            self._followed.pop(uri, None)

    async def _hear(self) -> None:
        """What the daemon tells unasked, for ever."""
        while True:
            lost = self._session
            try:
                async for message in self._exchange("GET", None, {}):
                    await self._tell(message)
            except SessionGoneError:
                await _tried(self._renew(lost))
            except PiChatError:
                pass  # whoever asks something is told
            self._missed = True
            await asyncio.sleep(_AGAIN_S)

    async def _catch_up(self) -> None:
        """While nothing was heard, all that is followed may have changed."""
        self._missed = False
        for uri in [*self._followed]:
            await self._tell(_notification("resources/updated", uri=uri))
        for kind in ("tools", "prompts", "resources"):
            await self._tell(_notification(f"{kind}/list_changed"))

    # --- messages ------------------------------------------------------------------------------

    async def _post_on(self, message: Message) -> None:
        """Have it answered; what goes wrong is an answer, too."""
        self._remember(message)
        lost = self._session
        try:
            try:
                await self._answer(message)
            except SessionGoneError:
                await self._renew(lost)
                await self._answer(message)
        except PiChatError as error:
            await self._fail(message, error)

    async def _answer(self, message: Message) -> None:
        async for answer in self._post(message):
            await self._tell(answer)

    async def _fail(self, message: Message, error: PiChatError) -> None:
        self._complain(error.sentence)
        if message.get("method") is not None and message.get("id") is not None:
            told = {"code": _FAILED, "message": error.sentence, "data": {"code": error.code}}
            await self._tell({"jsonrpc": "2.0", "id": message["id"], "error": told})

    def _cancel(self, message: Message) -> None:
        """Of these revisions a request is taken back by closing its stream."""
        task = self._requests.get((message.get("params") or {}).get("requestId"))
        if task is not None:
            task.cancel()

    def _is_modern(self, message: Message) -> bool:
        return self._began is None or _version_of(message) is not None

    async def _post(self, message: Message) -> AsyncIterator[Message]:
        async for answer in self._exchange("POST", message, self._headers(message)):
            if message.get("method") == "initialize":
                self._version = (answer.get("result") or {}).get("protocolVersion", self._version)
            yield answer

    def _headers(self, message: Message) -> dict[str, str]:
        version, method = _version_of(message), message.get("method")
        if version is None or not isinstance(method, str):
            return {}
        headers = {"MCP-Protocol-Version": version, "Mcp-Method": _header(method)}
        named = (message.get("params") or {}).get(_NAMED_BY.get(method, ""))
        if isinstance(named, str):
            headers["Mcp-Name"] = _header(named)
        return headers

    async def _exchange(
        self, method: str, message: Message | None, headers: dict[str, str]
    ) -> AsyncIterator[Message]:
        """What the daemon answers. Raises UnavailableError and NotAllowedError."""
        url = running_url(self._state_dir)
        if self._http is None:
            raise RuntimeError("the bridge is not open")
        accept = "text/event-stream" if message is None else "application/json, text/event-stream"
        known = {"Accept": accept, "Authorization": f"Bearer {read_secret(self._state_dir) or ''}"}
        if self._session is not None and "MCP-Protocol-Version" not in headers:
            known["Mcp-Session-Id"] = self._session
            known["MCP-Protocol-Version"] = self._version or "2025-03-26"
        try:
            async with self._http.request(
                method,
                f"{url}/mcp",
                json=message,
                headers={**known, **headers},
                ssl=trusted(self._state_dir),
                allow_redirects=False,
            ) as response:
                self._session = response.headers.get("Mcp-Session-Id", self._session)
                async for answer in self._read(response, message):
                    yield answer
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError(f"PiChat at {url} does not answer.") from error

    async def _read(
        self, response: aiohttp.ClientResponse, message: Message | None
    ) -> AsyncIterator[Message]:
        if response.content_type == "text/event-stream":
            if message is None and self._missed:
                await self._catch_up()
            async for event in _events(response):
                yield event
            return
        raw = await response.content.read(LONGEST_BYTES)
        answer = _object(raw)
        if response.status == 401:
            raise NotAllowedError(NOT_KNOWN)
        if response.status == 404 and self._session is not None and "jsonrpc" in answer:
            raise SessionGoneError("PiChat was started anew.")
        if "jsonrpc" not in answer and response.status >= 400:
            why = answer.get("error") or raw.decode(errors="replace")[:200]
            raise UnavailableError(f"PiChat refuses: {why or response.status}")
        if "jsonrpc" in answer:
            if answer.get("id") is None and message is not None and message.get("id") is not None:
                answer["id"] = message["id"]  # what could not even be read has no number
            yield answer


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[Message]:
    data: list[str] = []
    async for raw in _lines(response):
        line = raw.decode(errors="replace").rstrip("\r\n")
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            found = _object("\n".join(data).encode())
            data = []
            if found:
                yield found


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """aiohttp's own lines are short."""
    rest = b""
    async for piece in response.content.iter_any():
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
        if len(rest) > LONGEST_BYTES:
            raise UnavailableError("PiChat's answer is too long.")


def _object(raw: bytes) -> Message:
    try:
        found = json.loads(raw or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _version_of(message: Message) -> str | None:
    """The revision that a message says it is of; None for those with a session."""
    params = message.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    found = meta.get(_VERSION) if isinstance(meta, dict) else None
    return found if isinstance(found, str) and found.isascii() and found.isprintable() else None


def _notification(what: str, **params: str) -> Message:
    return {"jsonrpc": "2.0", "method": f"notifications/{what}", "params": params}


def _header(value: str) -> str:
    """As the protocol writes in a header what may be any text."""
    if value.isascii() and value.isprintable() and value == value.strip() and value[:2] != "=?":
        return value
    return f"=?base64?{base64.b64encode(value.encode()).decode()}?="


async def _tried(work: Awaitable[None]) -> None:
    try:
        await work
    except PiChatError:
        return
