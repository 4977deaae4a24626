"""What it means when a provider's server answers with an error, whichever API it speaks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from pichat.config.types import Secret
from pichat.errors import PiChatError
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError

log = structlog.get_logger(__name__)

_LOGGED_BYTES = 1000


class Asked(NamedTuple):
    """Whom a sentence is about: the provider's name, the model, and the server. `key`: what must
    not be logged either, should the server repeat it."""

    name: str
    model: str
    host: str
    key: Secret = Secret()


class Told(NamedTuple):
    """What an error's body says. `kinds`: every word that is meant for programs, in small letters;
    `parameter`: the field of the request that it is about."""

    status: int | None = None
    kinds: frozenset[str] = frozenset()
    message: str = ""
    parameter: str = ""
    retry_after_s: float | None = None


class RequestRefusedError(ModelRefusedError):
    """`told` may help to ask otherwise."""

    def __init__(self, sentence: str, told: Told) -> None:
        super().__init__(sentence)
        self.told = told


# The words that stand for a status where an error comes without one, inside a stream.
_STATUS = {
    "authentication_error": 401,
    "unauthenticated": 401,
    "api_key_invalid": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "model_not_found": 404,
    "not_found_error": 404,
    "not_found": 404,
    "request_too_large": 413,
    "context_length_exceeded": 413,
    "exceed_context_size_error": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "content_filter": 451,
    "content_policy_violation": 451,
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "overloaded_error": 529,
}
# Those that say more than the status that they come with.
_TELLING = {401, 402, 413, 451}
_TOO_LONG = ("prompt is too long", "context length", "maximum number of tokens", "context window")
_OVERLOADED = {502, 503, 504, 529}


def read_error(body: bytes) -> Told | None:
    """The error in a body, in any of the forms that servers give it; None when there is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if isinstance(found, list) and found:  # Gemini's, when it is not asked for events
        found = found[0]
    if not isinstance(found, dict):
        return None
    return told(found) or (told({"error": found["detail"]}) if "detail" in found else None)


def told(answer: Mapping[str, Any]) -> Told | None:
    """The error in an answer that was read already; None when there is none."""
    error = answer.get("error")
    if error is None and answer.get("object") == "error":  # older vLLM
        error = answer
    if not error:
        return None
    if not isinstance(error, Mapping):  # a sentence, as Ollama's; or a list of them
        error = {"message": error}
    words = (error.get(field) for field in ("type", "code", "status"))
    reasons = (detail.get("reason") for detail in _details(error))
    kinds = frozenset(word.lower() for word in (*words, *reasons) if isinstance(word, str))
    return Told(
        status=_status(error.get("code"), kinds),
        kinds=kinds,
        message=_text(error.get("message")),
        parameter=_text(error.get("param")),
        retry_after_s=next(_retry_delays(error), None),
    )


def failure(
    asked: Asked, status: int | None, answered: Told | None, headers: Mapping[str, str]
) -> PiChatError:
    """The error to raise. `status` is None for an error inside an answer that began well."""
    answered = answered or Told()
    log.debug("model error", asked=asked, status=status, message=_loggable(asked, answered))
    meant = answered.status or 500
    if status is not None:
        meant = meant if meant in _TELLING and 400 <= status < 500 else status
    if meant in (400, 500) and any(sign in answered.message.lower() for sign in _TOO_LONG):
        meant = 413
    if meant == 429:
        wait_s = retry_after_s(headers)
        return RateLimitedError(
            f"{asked.name} has been asked too often and wants a pause.",
            answered.retry_after_s if wait_s is None else wait_s,
        )
    if 300 <= meant < 500 and meant not in (408, 409, 425):
        return RequestRefusedError(_refusal(asked, meant), answered)
    if meant in _OVERLOADED:
        return ModelFailedError(f"{asked.name} is overloaded at the moment (HTTP {meant}).")
    return ModelFailedError(f"{asked.name} reports a fault of its own (HTTP {meant}).")


def _loggable(asked: Asked, answered: Told) -> str:
    said = answered.message[:_LOGGED_BYTES]
    return said.replace(asked.key.value, "***") if asked.key.value else said


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """When a server wants to be asked again, as seconds from now."""
    try:
        if milliseconds := headers.get("retry-after-ms"):
            return max(0.0, float(milliseconds) / 1000)
        said = headers.get("Retry-After", "")
        if not said or said[0].isdigit():
            return float(said) if said else None
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _refusal(asked: Asked, status: int) -> str:
    match status:
        case 401:
            return f"{asked.name} does not accept the key that the config has for it."
        case 402:
            return f"{asked.name} has no credit left."
        case 403:
            return f"{asked.name} does not let this key use the model {asked.model}."
        case 404 | 405:
            return f"{asked.name} has no model {asked.model} at {asked.host}; is its url right?"
        case 413:
            return f"The conversation is too long for the model {asked.model} of {asked.name}."
        case 451:
            return f"{asked.name} refuses to answer this."
        case _ if status < 400:
            return (
                f"{asked.name} is no longer at {asked.host}; its url in the config is out of date."
            )
        case _:
            return f"{asked.name} does not accept the request for {asked.model} (HTTP {status})."


def _status(code: object, kinds: frozenset[str]) -> int | None:
    known = [_STATUS[kind] for kind in kinds if kind in _STATUS]
    telling = [status for status in known if status in _TELLING]
    if telling:
        return telling[0]
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code)
    if isinstance(code, int) and 400 <= code < 600:
        return code
    return max(known, default=None)


def _details(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    details = error.get("details")
    if isinstance(details, list):
        yield from (detail for detail in details if isinstance(detail, Mapping))


def _retry_delays(error: Mapping[str, Any]) -> Iterator[float]:
    """Gemini's RetryInfo, such as "34.5s"."""
    for detail in _details(error):
        delay = detail.get("retryDelay")
        if isinstance(delay, str):
            try:
                yield float(delay.removesuffix("s"))
            except ValueError:
                continue


def _text(value: object) -> str:
    """What is no text is shown as JSON."""
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
