"""Errors as HTTP replies: the one place that knows which status each has."""

import math
from typing import Any

from aiohttp import web

from pichat.errors import (
    BusyError,
    DeviceSilentError,
    NotAllowedError,
    NotConfirmedError,
    NotFoundError,
    PiChatError,
    TooLargeError,
    UnavailableError,
    UnsupportedError,
)
from pichat.gateway.door.caller import UnauthenticatedError
from pichat.gateway.door.limits import TooManyRequestsError
from pichat.gateway.protocol import raw_json
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError

_STATUS: tuple[tuple[type[PiChatError], int], ...] = (
    (UnauthenticatedError, 401),
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (TooLargeError, 413),
    (TooManyRequestsError, 429),
    (UnsupportedError, 422),
    (DeviceSilentError, 502),
    (NotConfirmedError, 502),
    (ModelFailedError, 502),
    (ModelRefusedError, 502),
    (RateLimitedError, 503),
    (BusyError, 503),
    (UnavailableError, 503),
)


UNAUTHENTICATED = 401
OPENAI = "/v1/"
"""Where everything is as OpenAI's clients know it."""

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


def status_of(error: PiChatError) -> int:
    """The HTTP status; a defect is 500, and what a caller did wrong 400."""
    return status_of_kind(type(error))


def status_of_kind(kind: type[PiChatError]) -> int:
    if kind is PiChatError:
        return 500
    return next((status for each, status in _STATUS if issubclass(kind, each)), 400)


def failure(error: PiChatError, status: int | None = None, *, path: str = "") -> web.Response:
    """`{"error": sentence, "code": code}`; for the `path` of an OpenAI client in OpenAI's form."""
    status = status or status_of(error)
    told = openai_form(error, status) if path.startswith(OPENAI) else _plain(error)
    headers = {"Cache-Control": "no-store"}
    if status == UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="PiChat"'
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    body = bytes(raw_json(told))
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def _plain(error: PiChatError) -> dict[str, Any]:
    return {"error": error.sentence, "code": error.code}


def openai_form(error: PiChatError, status: int | None = None) -> dict[str, Any]:
    """As OpenAI's clients read errors, in a reply or in a stream. `param` is never known."""
    status = status or status_of(error)
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {
        "error": {
            "message": error.sentence,
            "type": kind,
            "code": _CODES.get(status, error.code),
            "param": None,
        }
    }
