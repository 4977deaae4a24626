"""What can go wrong with a tool elsewhere. Each says whether the call may have had an effect."""

from __future__ import annotations

from pichat.errors import PiChatError


class ServerDownError(PiChatError):
    """It cannot be reached, or rests; nothing was done."""

    code = "mcp_down"
    retryable = True


class ServerLostError(PiChatError):
    """It went away in the middle of the call: whether it was done is not known."""

    code = "mcp_lost"


class ServerSilentError(PiChatError):
    """It did not answer in time: it may still do it."""

    code = "mcp_silent"


class RemoteRefusedError(PiChatError):
    """It answered that it will not (no such tool, bad arguments); nothing was done."""

    code = "mcp_refused"


class AnswerUnfitError(PiChatError):
    """Its answer is not what its own description promises, or none at all: it may have done it."""

    code = "mcp_unfit"
