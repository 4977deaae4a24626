"""Between the SDK and the network: what goes wrong with one request is told to whom it belongs, in
words, instead of ending the session; and nothing that comes is larger than it may be."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

import httpx2
import msgspec

from pichat.mcp.upstream.delivery import DELIVERY, Delivery
from pichat.mcp.upstream.limits import MB, Limits, Throttle
from pichat.mcp.upstream.reasons import TOLD, status_in_words

_SESSION = "mcp-session-id"
_GOODBYE_S = 2.0
_NOTICE_S = 10.0
_EXPLAINED_BYTES = 64 * 1024
_CONNECT_ERRORS = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class _Envelope(msgspec.Struct):
    """Of a message: all that the guard needs to know of it."""

    method: str | None = None
    id: int | str | None = None


_ENVELOPE = msgspec.json.Decoder(_Envelope)


class Guard(httpx2.AsyncBaseTransport):
    """`gone` is called with a sentence when the server, or its session, is not there any more."""

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, limits: Limits, gone: Callable[[str], None]
    ) -> None:
        self._inner = inner
        self._limits = limits
        self._gone = gone

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = _asked(request)
        _set_patience(request, asked)
        request.headers["accept-encoding"] = "identity"  # nothing is to be unpacked
        delivery = (DELIVERY.get() if asked.method == "tools/call" else None) or Delivery()
        delivery.leaves()
        try:
            response = await self._inner.handle_async_request(request)
        except httpx2.TransportError as error:
            why = self._broken(error, delivery)
            if request.method != "POST":
                raise
            return _told(request, asked, why)
        if request.method != "POST":
            good = response.status_code == HTTPStatus.OK
            return self._stream(response, delivery) if good else response
        refusal = await self._refusal(request, asked, response, delivery)
        if refusal is None:
            return self._stream(response, delivery)
        await response.aclose()
        if isinstance(refusal, httpx2.Response):
            return refusal
        delivery.why = refusal
        return _told(request, asked, refusal)

    def _broken(self, error: httpx2.TransportError, delivery: Delivery) -> str:
        """A request that got no answer."""
        delivery.why = why = _in_words(error)
        if isinstance(error, _CONNECT_ERRORS):
            delivery.came_back("unsent")
            self._gone(why)
        elif not isinstance(error, httpx2.TimeoutException):
            self._gone(why)
        return why

    async def _refusal(
        self,
        request: httpx2.Request,
        asked: _Envelope,
        response: httpx2.Response,
        delivery: Delivery,
    ) -> str | httpx2.Response | None:
        """Why it is no answer, a sentence, or the server's own words; None for an answer."""
        status, sort = response.status_code, _sort(response)
        if response.is_redirect and _elsewhere(request, response):
            delivery.came_back("refused")
            location = request.url.join(response.headers["location"])
            where = location.copy_with(userinfo=b"", query=None, fragment=None)
            return f"It sends elsewhere, to {where}; if that is right, use that address."
        if response.headers.get("content-encoding", "identity") != "identity":
            return "It packs its answers, though it was asked not to."
        length = response.headers.get("content-length", "0")
        if length.isdigit() and int(length) > self._limits.message_bytes:
            return _too_large(self._limits.message_bytes)
        if status >= HTTPStatus.BAD_REQUEST:
            return await self._bad(request, response, delivery)
        wanted = sort in ("application/json", "text/event-stream")
        if status == HTTPStatus.OK and not wanted and asked.id is not None:
            return f"It answered with {_kind(sort)} instead of MCP; is its address right?"
        return None

    async def _bad(
        self, request: httpx2.Request, response: httpx2.Response, delivery: Delivery
    ) -> str | httpx2.Response:
        status, sort = response.status_code, _sort(response)
        said = await _beginning(response, _EXPLAINED_BYTES) if sort == "application/json" else b""
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            lost = status == HTTPStatus.NOT_FOUND or b"session" in said.lower()
            if lost and _SESSION in request.headers:
                delivery.came_back("unsent")
                why = "It has forgotten the session; it was probably started anew."
                self._gone(why)
                return why
            delivery.came_back("refused")
        if b'"jsonrpc"' in said:
            headers = {"content-type": sort}
            return httpx2.Response(status, headers=headers, content=said, request=request)
        return status_in_words(status)

    def _stream(self, response: httpx2.Response, delivery: Delivery) -> httpx2.Response:
        endless = _sort(response) != "application/json"
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response, self._limits, delivery, endless=endless),
            extensions=response.extensions,
        )


class _Bounded(httpx2.AsyncByteStream):
    """A body; one that is `endless` comes no quicker than it may, others are not larger. What
    breaks it off is told as a StreamError, which the SDK takes as a failure of this request."""

    def __init__(
        self, response: httpx2.Response, limits: Limits, delivery: Delivery, *, endless: bool
    ) -> None:
        self._response = response
        self._limits = limits
        self._delivery = delivery
        self._endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total, throttle = 0, Throttle(self._limits.bytes_per_s, self._limits.bytes_at_once)
        try:
            async for part in self._response.stream:  # type: ignore[union-attr]
                total += len(part)
                if self._endless:
                    await asyncio.sleep(throttle.take(len(part), _now_s()))
                elif total > self._limits.message_bytes:
                    why = _too_large(self._limits.message_bytes)
                    self._delivery.why = why
                    raise httpx2.StreamError(why)
                yield part
        except httpx2.TransportError as error:
            self._delivery.why = why = _in_words(error)
            raise httpx2.StreamError(why) from error

    async def aclose(self) -> None:
        await self._response.aclose()


def _asked(request: httpx2.Request) -> _Envelope:
    if request.method != "POST":
        return _Envelope()
    try:
        return _ENVELOPE.decode(request.content)
    except (msgspec.DecodeError, httpx2.RequestNotRead):
        return _Envelope()


def _set_patience(request: httpx2.Request, asked: _Envelope) -> None:
    """A stream of events may be silent for ever; nobody waits for the answer to a goodbye or to a
    notice, and while one is sent, nothing else is."""
    timeout = dict(request.extensions.get("timeout") or {})
    if request.method == "GET" or asked.method == "subscriptions/listen":
        timeout["read"] = None
    elif request.method == "DELETE":
        timeout.update(dict.fromkeys(("connect", "read", "write", "pool"), _GOODBYE_S))
    elif asked.id is None or asked.method is None:
        timeout["read"] = _NOTICE_S
    request.extensions["timeout"] = timeout


def _told(request: httpx2.Request, asked: _Envelope, why: str) -> httpx2.Response:
    """What the SDK takes as this request's own failure."""
    if asked.id is None or asked.method is None:
        return httpx2.Response(HTTPStatus.ACCEPTED, request=request)
    error = {"code": TOLD, "message": why}
    body = msgspec.json.encode({"jsonrpc": "2.0", "id": asked.id, "error": error})
    headers = {"content-type": "application/json"}
    return httpx2.Response(HTTPStatus.OK, headers=headers, content=body, request=request)


def _in_words(error: httpx2.TransportError) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            what = cause.verify_message or "it cannot be checked"
            return f"Its certificate is not trusted: {what}."
        if isinstance(cause, ssl.SSLError):
            return "It does not speak TLS; should its address begin with http://?"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.ConnectTimeout):
        return "Nothing answers at its address in time."
    if isinstance(error, _CONNECT_ERRORS):
        return "Nothing answers at its address."
    if isinstance(error, httpx2.TimeoutException):
        return "It said nothing for too long."
    ended = any(word in str(error).lower() for word in ("disconnect", "closed"))
    if isinstance(error, httpx2.RemoteProtocolError) and not ended:
        return "What answers at its address does not speak HTTP as it should."
    return "It ended the connection."


async def _beginning(response: httpx2.Response, most: int) -> bytes:
    said = b""
    try:
        async for part in response.stream:  # type: ignore[union-attr]
            said += part
            if len(said) >= most:
                break
    except httpx2.TransportError:
        return said[:most]
    return said[:most]


def _sort(response: httpx2.Response) -> str:
    sort: str = response.headers.get("content-type", "")
    return sort.partition(";")[0].strip().lower()


def _kind(sort: str) -> str:
    return "a web page" if sort == "text/html" else f"“{sort[:60]}”" if sort else "nothing"


def _elsewhere(request: httpx2.Request, response: httpx2.Response) -> bool:
    if "location" not in response.headers:
        return False
    there = request.url.join(response.headers["location"])
    here = request.url
    return (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port)


def _too_large(most_bytes: int) -> str:
    return f"Its answer is larger than {most_bytes / MB:g} MB."


def _now_s() -> float:
    return asyncio.get_running_loop().time()
