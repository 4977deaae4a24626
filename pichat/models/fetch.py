"""One file over HTTP: resumed, watched for stalls, tried again, and checked to the last byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, Protocol

import aiohttp
from yarl import URL

from pichat.models.answer import AgainError, read_answer
from pichat.models.errors import DownloadError, WrongFileError
from pichat.models.manifest import File
from pichat.models.part import Part
from pichat.models.urls import refusal

_CHUNK = 256 * 1024
_REDIRECTS = 8
_REDIRECT = {301, 302, 303, 307, 308}


class Patience(NamedTuple):
    """A try that brings no byte for `stall_s` has failed. After `tries` in a row that brought
    nothing, or `all_tries` together, the download has. Waits between them double."""

    stall_s: float = 30.0
    tries: int = 6
    all_tries: int = 200
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0


class Watcher(Protocol):
    """Hears how one file comes along."""

    def at(self, received: int) -> None:
        """So many bytes of the file are here; fewer than before when it starts afresh."""

    def waits(self, why: str, wait_s: float) -> None:
        """A try failed; the next one follows after `wait_s`."""

    def checks(self) -> None:
        """All bytes are here and are being read again."""


class Download:
    """Brings `file` into `part`. What has arrived stays there when it is cancelled or fails."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        file: File,
        part: Part,
        patience: Patience,
        watcher: Watcher,
    ) -> None:
        self._session = session
        self._file = file
        self._part = part
        self._patience = patience
        self._watcher = watcher

    async def run(self) -> None:
        """Returns once the part is whole, with the right checksum.

        Raises DownloadError (network, server), WrongFileError, DiskError.
        """
        for _ in range(2):
            await self._collect()
            self._watcher.checks()
            if await asyncio.to_thread(self._part.is_whole, self._file.size, self._file.sha256):
                return
            self._part.restart()
        raise WrongFileError(
            f"{self._file.called} arrived damaged twice: its checksum is not the one in the"
            " manifest. Nothing was installed. Either it was changed on the server, or something"
            " on the way changes what it carries."
        )

    async def _collect(self) -> None:
        """Ask until no byte is missing."""
        fruitless = 0
        if self._part.size > self._file.size:
            self._part.restart()
        for _ in range(self._patience.all_tries):
            self._watcher.at(before := self._part.size)
            if before == self._file.size:
                return
            try:
                await self._ask()
            except AgainError as error:
                fruitless = 0 if self._part.size > before else fruitless + 1
                if fruitless >= self._patience.tries:
                    raise self._given_up(error.why) from error
                await self._wait(error, fruitless)
        raise self._given_up("the connection breaks again and again")

    def _given_up(self, why: str) -> DownloadError:
        kept = f" What has arrived ({self._part.size:,} bytes) is kept." if self._part.size else ""
        return DownloadError(f"{self._file.called} could not be downloaded: {why}.{kept}")

    async def _wait(self, error: AgainError, fruitless: int) -> None:
        wait_s = self._patience.first_wait_s * 2.0 ** max(0, fruitless - 1)
        wait_s = min(wait_s, self._patience.longest_wait_s)
        if error.wait_s is not None:
            if error.wait_s > self._patience.longest_wait_s:
                raise self._given_up(f"{error.why}; it asks to wait {_minutes(error.wait_s)}")
            wait_s = error.wait_s
        self._watcher.waits(error.why, wait_s)
        await asyncio.sleep(wait_s)

    async def _ask(self) -> None:
        """One request for what is missing. Raises AgainError unless all of it arrived."""
        at = self._part.size
        headers = {"Range": f"bytes={at}-"} if at else {}
        if at and (validator := self._part.validator):
            headers["If-Range"] = validator
        host = URL(self._file.url).host
        try:
            async with self._open(headers) as response:
                await self._receive(response, at)
        except TimeoutError as error:
            raise AgainError(f"{host} sends nothing") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise WrongFileError(
                f"{host} shows a certificate that cannot be trusted, so nothing is taken from it."
                " Is this machine's clock right?"
            ) from error
        except aiohttp.ClientConnectorError as error:
            raise AgainError(f"{error.host} cannot be reached") from error
        except aiohttp.ClientError as error:
            raise AgainError("the connection broke off") from error

    async def _receive(self, response: aiohttp.ClientResponse, at: int) -> None:
        try:
            body = read_answer(response, self._file, at)
        except AgainError:
            if response.status == 416:
                self._part.restart()
            raise
        with self._part as part:
            if body.start == 0:
                part.begins(body.validator)
            async for data in response.content.iter_chunked(_CHUNK):
                part.append(data[: self._file.size - part.size + 1])
                self._watcher.at(min(part.size, self._file.size))
                if part.size > self._file.size:
                    part.restart()
                    raise WrongFileError(
                        f"{response.url.host} sends more than the {self._file.size:,} bytes of"
                        f" {self._file.called}: it was changed there, so it is not installed."
                    )
        if self._part.size < self._file.size:
            raise AgainError("the connection broke off")

    @asynccontextmanager
    async def _open(self, headers: dict[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Follows redirects itself, so that none leads from an encrypted address to an open one."""
        url = URL(self._file.url, encoded=True)
        for _ in range(_REDIRECTS):
            if why := refusal(url):
                raise WrongFileError(f"{self._file.called} is not fetched: {why}.")
            async with self._session.get(
                url,
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    sock_connect=self._patience.stall_s, sock_read=self._patience.stall_s
                ),
            ) as response:
                target = response.headers.get("Location")
                if response.status not in _REDIRECT or target is None:
                    yield response
                    return
            try:
                url = url.join(URL(target, encoded=True))
            except ValueError as error:
                raise AgainError(f"{url.host} redirects to nowhere") from error
        raise WrongFileError(f"{self._file.called} is not fetched: it is redirected in circles.")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"
