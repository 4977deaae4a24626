"""What a server's answer means for a download: where its bytes go, or why there are none."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from aiohttp import ClientResponse

from pichat.models.errors import WrongFileError
from pichat.models.manifest import File

_RETRIED = {408, 425, 429, 500, 502, 503, 504}
_REASONS = {
    401: "it wants a login",
    403: "it does not give it out",
    404: "it is not there",
    410: "it is not there any more",
    451: "it may not give it out for legal reasons",
}
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class AgainError(Exception):
    """This answer did not help, another one may. `wait_s` is what the server asked for."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.wait_s = wait_s


class Body(NamedTuple):
    """What follows: the bytes from `start` on, of the file that `validator` stands for."""

    start: int
    validator: str | None


def read_answer(response: ClientResponse, file: File, at: int) -> Body:
    """Judge the answer to a request for the bytes from `at` on.

    Raises WrongFileError when it is not the file and never will be; AgainError when it may be
    later. AgainError with status 416 means that the part itself is at fault.
    """
    status = response.status
    server = response.url.host
    if status in _RETRIED:
        raise AgainError(f"{server} is busy or ill ({status})", _retry_after(response))
    if status == 416:
        raise AgainError(f"{server} has no more of it ({status})")
    if status not in (200, 206):
        reason = _REASONS.get(status, "it answers in a way that makes no sense here")
        raise WrongFileError(f"{server} does not send {file.called}: {reason} ({status}).")
    if response.content_type == "text/html":
        raise WrongFileError(
            f"{server} sends a web page instead of {file.called}. A login page of the network"
            " that this machine is in? Otherwise the address has changed."
        )
    start, total = _extent(response)
    if total is not None and total != file.size:
        raise WrongFileError(
            f"{server} has a {file.called} of {total:,} bytes; it should have {file.size:,}."
            " It was changed there, so it is not installed."
        )
    if start not in (0, at):
        raise AgainError(f"{server} sends from byte {start:,} on instead of {at:,}")
    return Body(start, _validator(response))


def _extent(response: ClientResponse) -> tuple[int, int | None]:
    """Where the body starts, and how long the whole file is if the server says so."""
    if response.status == 200:
        return 0, response.content_length
    found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if found is None:
        raise AgainError(f"{response.url.host} does not say which part it sends")
    return int(found[1]), None if found[2] == "*" else int(found[2])


def _validator(response: ClientResponse) -> str | None:
    """RFC 9110, 13.1.5: If-Range takes a strong ETag or a date."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified")


def _retry_after(response: ClientResponse) -> float | None:
    """RFC 9110, 10.2.3: seconds or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None
