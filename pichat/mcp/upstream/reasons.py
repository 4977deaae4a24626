"""What went wrong with a server, as its owner would say it."""

from __future__ import annotations

import errno
from typing import Any

CONNECTION_CLOSED = -32000
REQUEST_TIMEOUT = -32001


def is_lost(error: Any) -> bool:
    """Whether an MCPError means that the connection ended."""
    return bool(error.error.code == CONNECTION_CLOSED)


def is_silent(error: Any) -> bool:
    """Whether an MCPError means that no answer came in time."""
    return bool(error.error.code == REQUEST_TIMEOUT)


def in_words(error: BaseException, start_s: float) -> str:
    """One sentence for what ended a session, or kept it from beginning."""
    cause = _first(error)
    match cause:
        case TimeoutError():
            return f"It did not answer within {start_s:g} s."
        case FileNotFoundError():
            return "Its program is not there."
        case PermissionError():
            return "Its program may not be started."
        case ConnectionError():
            return "It ended."
        case OSError(errno=errno.ENOEXEC):
            return "Its program is none that this machine can run."
    name = type(cause).__name__
    if name in ("ConnectError", "ConnectTimeout"):
        return "Nothing answers at its address."
    if name == "HTTPStatusError":
        return f"It refused with HTTP status {cause.response.status_code}."  # type: ignore[attr-defined]
    if name in ("RemoteProtocolError", "ReadError", "ReadTimeout", "EndOfStream"):
        return "It ended the connection."
    if name == "MCPError":
        return f"It refused: {str(cause)[:200]}."
    return f"It failed unexpectedly ({name})."


def _first(error: BaseException) -> BaseException:
    """The failure that came first, of a group of them."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
