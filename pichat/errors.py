"""The error tree: every failure that a person or a client may hear of.

A class carries a stable `code` and whether trying again may help; an instance carries one
sentence that is safe to show. Anything else that is raised is a defect and leaves the process
only as `internal` with a log id.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, TypeVar

T = TypeVar("T")


class PiChatError(Exception):
    """Base of all expected failures. `sentence` is for people, `code` for programs."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    codes: ClassVar[dict[str, type[PiChatError]]] = {}

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    @classmethod
    def of(cls, code: str | None, sentence: str) -> PiChatError:
        """The error that a reply or an outcome carried as a code; `internal` if it is unknown."""
        return cls.codes.get(code or "", PiChatError)(sentence)

    @classmethod
    def unexpected(cls, log_id: str) -> PiChatError:
        """What is told of a defect: not what it was, but where its owner finds that."""
        return PiChatError(f"Something went wrong inside PiChat; its log has more under {log_id}.")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in cls.__dict__ and PiChatError.codes.setdefault(cls.code, cls) is not cls:
            raise TypeError(f"error code {cls.code!r} is registered twice")


class BadRequestError(PiChatError):
    """A caller's frame or arguments do not fit; the sentence names the field."""

    code = "bad_request"


class UnknownActionError(PiChatError):
    """There is no action of that name; the sentence says what was probably meant."""

    code = "unknown_action"


class TooLargeError(PiChatError):
    """More was sent than is taken; the sentence says how much may be."""

    code = "too_large"


class NotFoundError(PiChatError):
    """Something was named that is not there (a device, an area, a request id)."""

    code = "not_found"


class BusyError(PiChatError):
    """A bounded queue is full; nothing was done."""

    code = "busy"
    retryable = True


class CancelledByUserError(PiChatError):
    """Whoever asked took it back. What a device was told before that stays as it is."""

    code = "cancelled"


class UnavailableError(PiChatError):
    """A part of the daemon is degraded (no stick, no microphone); the sentence says which."""

    code = "unavailable"
    retryable = True


class NotUnderstoodError(PiChatError):
    """No intent matched and no model is there to think about it."""

    code = "not_understood"


class DeviceSilentError(PiChatError):
    """The device did not answer the command."""

    code = "device_silent"
    retryable = True


class NotConfirmedError(PiChatError):
    """The device answered, but its state did not become what was asked."""

    code = "not_confirmed"
    retryable = True


class UnsupportedError(PiChatError):
    """The device has no such capability, or not such a value."""

    code = "unsupported"


class WaitingError(PiChatError):
    """The device sleeps: the command is kept, and sent when it wakes; the sentence says until
    when. Nothing was done yet, and nothing has failed."""

    code = "waiting"


class NotAllowedError(PiChatError):
    """Whoever asked may not do that: a tool that its profile does not have, or an answer that only
    a person can give."""

    code = "not_allowed"


class OutsideError(PiChatError):
    """A device that needs a person's yes would have acted on text from outside the house."""

    code = "outside"


class ConfigError(PiChatError):
    """The configuration cannot be used; the sentence holds every problem, a line each."""

    code = "config"


class StartError(PiChatError):
    """The daemon cannot start (port taken, state directory in use); one line."""

    code = "start"


async def attempt(doing: Awaitable[T]) -> T | PiChatError:
    """What comes of it, or the expected failure as a value."""
    try:
        return await doing
    except PiChatError as error:
        return error
