"""Errors as HTTP replies: the one place that knows which status each has."""

import math

from aiohttp import web

from pichat.errors import (
    BusyError,
    NotAllowedError,
    NotFoundError,
    PiChatError,
    TooLargeError,
    UnavailableError,
    UnsupportedError,
)
from pichat.gateway.door.caller import UnauthenticatedError
from pichat.gateway.door.limits import TooManyRequestsError
from pichat.gateway.protocol import raw_json

_STATUS: tuple[tuple[type[PiChatError], int], ...] = (
    (UnauthenticatedError, 401),
    (NotAllowedError, 403),
    (NotFoundError, 404),
    (TooLargeError, 413),
    (TooManyRequestsError, 429),
    (UnsupportedError, 422),
    (BusyError, 503),
    (UnavailableError, 503),
)


def status_of(error: PiChatError) -> int:
    """The HTTP status; a defect is 500, and what a caller did wrong 400."""
    if type(error) is PiChatError:
        return 500
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def failure(error: PiChatError, status: int | None = None) -> web.Response:
    """`{"error": sentence, "code": code}`."""
    status = status or status_of(error)
    body = bytes(raw_json({"error": error.sentence, "code": error.code}))
    headers = {"Cache-Control": "no-store"}
    if status == UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer realm="PiChat"'
    if isinstance(error, TooManyRequestsError):
        headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


UNAUTHENTICATED = 401
