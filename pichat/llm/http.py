"""How every cloud provider's server is asked: one POST, and a second one where that may help; and
how it is tried, with a GET that costs nothing.

A sentence names the provider and what happened; never the key, and nothing of what was asked.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, Protocol

import aiohttp
import msgspec
from yarl import URL

from pichat.config.types import Secret
from pichat.errors import ConfigError, UnsupportedError
from pichat.llm.base import Ended, LlmEvent
from pichat.llm.failures import Asked, failure, read_error, retry_after_s
from pichat.llm.listing import Offered, read_offered
from pichat.llm.network import AgainError, broken_off, explained, nonsense
from pichat.llm.sse import EventParser

_MOST_ERROR_BYTES = 64 * 1024
_END_S = 0.1
_MOST_LIST_BYTES = 4 * 1024 * 1024  # some have hundreds of models, and much to say of each
_LIST_S = 10.0
_TRANSIENT = {408, 409, 500, 502, 503, 504, 529}
# A server that has no list of models says so; it is there all the same.
_NO_LIST = {404, 405, 501}
# A stream has neither of these types, but an error does, even one with the status 200.
_NO_EVENTS = {"application/json", "application/problem+json", "text/html"}


class Patience(NamedTuple):
    """How long a server may take to be connected, and then be silent; the longest pause before it
    is asked a second time; and how long all of a probe may take, which is less than Resting allows,
    so that the sentence says what was slow."""

    connect_s: float = 5.0
    silent_s: float = 60.0
    again_s: float = 0.4
    probe_s: float = 4.0


class Reader(Protocol):
    """Understands the events of one answer. `done`: it has read the API's own end mark."""

    done: bool

    def read(self, data: bytes) -> Iterable[LlmEvent]:
        """What the data of one server-sent event says. Raises PiChatError, and msgspec.DecodeError
        for what is not of this API."""
        ...

    def ended(self) -> Ended | None:
        """The last event; None when the answer cannot be over yet."""
        ...


def base_url(name: str, url: str) -> URL:
    """Raises ConfigError for what nobody can be asked at."""
    try:
        parsed = URL(url)
    except ValueError:
        parsed = URL()
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"llm.providers.{name}.url: “{url}” is no address of http or https.")
    return parsed


def below(base: URL, *path: str) -> URL:
    """`path` below `base`, whose query stays."""
    return base.joinpath(*path).with_query(base.query)


class Server:
    """A provider's server. `headers` hold the key; `key` is told so that it is never logged."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        name: str,
        headers: Mapping[str, str],
        key: Secret,
        patience: Patience | None = None,
    ) -> None:
        self._http = http
        self._name = name
        self._key = Secret(key.value.strip())
        # Compressed, an event would wait in the compressor for those after it.
        asks_for = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        self._headers = {**asks_for, **headers}
        self._patience = patience or Patience()

    def asked(self, url: URL, model: str) -> Asked:
        return Asked(self._name, model, url.host or "", self._key)

    async def stream(
        self, url: URL, model: str, body: Mapping[str, Any], new_reader: Callable[[Asked], Reader]
    ) -> AsyncGenerator[LlmEvent, None]:
        """The answer, as `Provider.stream` gives it. Asked a second time only while nothing was
        given. Raises RequestRefusedError, which is a ModelRefusedError, when the server says why
        it does not accept the request."""
        asked = self.asked(url, model)
        data = msgspec.json.encode(body)
        given = False
        for last in (False, True):
            try:
                async with self._post(asked, url, data, self._patience.silent_s) as response:
                    await _check_type(asked, response)
                    reader, parser = new_reader(asked), EventParser()
                    async for piece in response.content.iter_any():
                        for event_data in parser.feed(piece):
                            for event in reader.read(event_data):
                                given = True
                                yield event
                        if reader.done:
                            break
                    ended = await _end(asked, response, parser, reader)
                yield ended
            except AgainError as error:
                if given or last:
                    raise error.failure from error
            else:
                return
            await self._pause()

    async def probe(self, models: URL, model: str) -> None:
        """Whether it takes this key and is well, as far as its list of models tells: see Probing.
        Asked once, as who is not well is probed again anyway."""
        asked = self.asked(models, model)
        timeout = aiohttp.ClientTimeout(total=self._patience.probe_s)
        try:
            with explained(asked):
                async with self._http.get(
                    models, headers=self._headers, timeout=timeout, allow_redirects=False
                ) as response:
                    if response.status not in _NO_LIST:
                        await _check_status(asked, response)
                        await _check_no_error(asked, response)
        except AgainError as error:
            raise error.failure from error

    async def fetch(
        self, url: URL, model: str, body: Mapping[str, Any], *, silent_s: float, most_bytes: int
    ) -> bytes:
        """The body of an answer that is not streamed. Asked once, as such work is paid for."""
        asked = self.asked(url, model)
        try:
            async with self._post(asked, url, msgspec.json.encode(body), silent_s) as response:
                return await _whole(asked, response, most_bytes)
        except AgainError as error:
            raise error.failure from error

    async def offered(self, models: URL, model: str) -> tuple[Offered, ...]:
        """See Listing: by its list of models."""
        asked = self.asked(models, model)
        timeout = aiohttp.ClientTimeout(total=_LIST_S, sock_connect=self._patience.connect_s)
        try:
            with explained(asked):
                async with self._http.get(
                    models, headers=self._headers, timeout=timeout, allow_redirects=False
                ) as response:
                    if response.status in _NO_LIST:
                        raise UnsupportedError(f"{self._name} does not tell which models it has.")
                    await _check_status(asked, response)
                    body = await _whole(asked, response, _MOST_LIST_BYTES)
        except AgainError as error:
            raise error.failure from error
        return read_offered(body, asked)

    async def fetch_file(self, url: URL, model: str, most_bytes: int) -> bytes:
        """A file that an answer points to. The key is not sent along."""
        asked = self.asked(url, model)
        timeout = self._timeout(self._patience.silent_s)
        try:
            with explained(asked):
                async with self._http.get(url, timeout=timeout, allow_redirects=False) as response:
                    await _check_status(asked, response)
                    return await _whole(asked, response, most_bytes)
        except AgainError as error:
            raise error.failure from error

    @asynccontextmanager
    async def _post(
        self, asked: Asked, url: URL, data: bytes, silent_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, once it has begun well. A redirect is not followed: the key would go along,
        to wherever it points."""
        with explained(asked):
            async with self._http.post(
                url,
                data=data,
                headers=self._headers,
                timeout=self._timeout(silent_s),
                allow_redirects=False,
            ) as response:
                await _check_status(asked, response)
                yield response

    def _timeout(self, silent_s: float) -> aiohttp.ClientTimeout:
        connect_s = self._patience.connect_s
        return aiohttp.ClientTimeout(total=None, sock_connect=connect_s, sock_read=silent_s)

    async def _pause(self) -> None:
        longest_s = self._patience.again_s
        await asyncio.sleep(random.uniform(longest_s / 4, longest_s))  # noqa: S311  (no secret)


async def _check_status(asked: Asked, response: aiohttp.ClientResponse) -> None:
    """Raises what a status other than 2xx means."""
    if 200 <= response.status < 300:
        return
    told = read_error(await _beginning(response))
    error = failure(asked, response.status, told, response.headers)
    wait_s = retry_after_s(response.headers)
    if response.status in _TRANSIENT and not wait_s:
        raise AgainError(error)
    raise error


async def _check_type(asked: Asked, response: aiohttp.ClientResponse) -> None:
    """Raises when an answer that should be a stream is none: the error that it is."""
    if response.content_type not in _NO_EVENTS:
        return
    told = read_error(await _beginning(response))
    if told is None:
        raise nonsense(asked)
    raise failure(asked, None, told, response.headers)


async def _check_no_error(asked: Asked, response: aiohttp.ClientResponse) -> None:
    """Raises the error that an answer is in spite of its status. Whatever else it is is good."""
    told = read_error(await _beginning(response))
    if told is not None:
        raise failure(asked, None, told, response.headers)


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """As much of a body as an error has."""
    body = b""
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _MOST_ERROR_BYTES:
            break
    return body


async def _end(
    asked: Asked, response: aiohttp.ClientResponse, parser: EventParser, reader: Reader
) -> Ended:
    """The last event. Raises AgainError for a stream that was cut off."""
    ended = reader.ended()
    if ended is None or (parser.unfinished and not reader.done):
        raise AgainError(broken_off(asked))
    if not response.content.at_eof():
        # After the end mark only the end of the body is left: once that is read, the connection
        # serves for the next question. A server that goes on is hung up on.
        with suppress(TimeoutError, aiohttp.ClientError):
            async with asyncio.timeout(_END_S):
                await response.content.readany()
    return ended


async def _whole(asked: Asked, response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in response.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > most_bytes:
            raise nonsense(asked)
    return b"".join(pieces)
