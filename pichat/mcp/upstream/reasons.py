"""What went wrong with a server, as its owner would say it."""

from __future__ import annotations

import errno
from http import HTTPStatus
from typing import Any

CONNECTION_CLOSED = -32000
REQUEST_TIMEOUT = -32001
PARSE_ERROR = -32700
TOLD = -31900
"""Of an error that the transport has made of what happened: its message is a sentence."""


_BROKEN = frozenset(
    (
        *("RemoteProtocolError", "ReadError", "ReadTimeout", "WriteError", "EndOfStream"),
        *("BrokenResourceError", "ClosedResourceError"),
    )
)


class FailedError(Exception):
    """What ended a session, or kept it from beginning, in a sentence."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


def is_lost(error: Any) -> bool:
    """Whether an MCPError means that the connection ended."""
    return bool(error.error.code == CONNECTION_CLOSED)


def is_silent(error: Any) -> bool:
    """Whether an MCPError means that no answer came in time."""
    return bool(error.error.code == REQUEST_TIMEOUT)


def in_words(error: BaseException, start_s: float) -> str:
    """One sentence for what ended a session, or kept it from beginning."""
    cause = first_of(error)
    match cause:
        case FailedError():
            return cause.sentence
        case TimeoutError():
            return f"It did not answer within {start_s:g} s."
        case FileNotFoundError():
            return f"“{cause.filename}” is not there; is it installed?"
        case PermissionError():
            return f"“{cause.filename}” may not be started."
        case NotADirectoryError():
            return f"“{cause.filename}” is no folder."
        case OSError(errno=errno.ENOEXEC):
            return f"“{cause.filename}” is no program that this machine can run."
        case ConnectionError():
            return "It ended the connection."
        case RecursionError():
            return "What it tells is nested too deeply."
    return _of_the_sdk(cause)


def _of_the_sdk(cause: BaseException) -> str:
    name = type(cause).__name__
    if name == "MCPError":
        error = cause.error  # type: ignore[attr-defined]
        if error.code == TOLD:
            return str(error.message)
        if error.code == CONNECTION_CLOSED:
            return "It ended the connection."
        if error.code == REQUEST_TIMEOUT:
            return "It did not answer in time."
        if error.code == PARSE_ERROR:
            return "What it answers cannot be read."
        return f"It refused: {str(error.message)[:200].rstrip('.')}."
    if name == "HTTPStatusError":
        return status_in_words(cause.response.status_code)  # type: ignore[attr-defined]
    if name in ("ConnectError", "ConnectTimeout"):
        return "Nothing answers at its address."
    if name in _BROKEN:
        return "It ended the connection."
    if name == "SSEError":
        return "What answers at its address sends no events, or too large ones."
    if name == "ValidationError":
        return "What it tells of itself is against the rules of MCP."
    if name == "RuntimeError" and "protocol version" in str(cause):
        return "It speaks a revision of MCP that PiChat does not know."
    return f"It failed unexpectedly ({name})."


def status_in_words(status: int) -> str:
    """A sentence for a status of HTTP that is none of success, with what to do about it."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return (
                "It asks who you are (HTTP 401): set its `headers`, mostly `Authorization: Bearer`"
                " and a key of yours."
            )
        case HTTPStatus.FORBIDDEN:
            return "It does not let you in (HTTP 403): the key in its `headers` may not do this."
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.GONE:
            return f"There is no MCP at its address (HTTP {status}); many have theirs at /mcp."
        case HTTPStatus.TOO_MANY_REQUESTS:
            return "It was asked too often (HTTP 429); it is tried again later."
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return f"It sends elsewhere (HTTP {status}); use the address to which a browser comes."
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"Something is wrong on its side (HTTP {status})."
    return f"It refused with HTTP status {status}."


def first_of(error: BaseException) -> BaseException:
    """The failure that came first, of a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
