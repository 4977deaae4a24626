"""What it means when the connection to a provider's server fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import msgspec

from pichat.errors import PiChatError
from pichat.llm.errors import ModelFailedError, ModelRefusedError
from pichat.llm.failures import Asked
from pichat.llm.sse import TooLongError


class AgainError(Exception):
    """It failed in a way that may pass at once; `failure` is what to raise when it does not."""

    def __init__(self, failure: PiChatError) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


@contextmanager
def explained(asked: Asked) -> Iterator[None]:
    """Whatever goes wrong inside on the way to the server and back leaves as a PiChatError, or as
    AgainError. What cannot be reached is not worth a second try: it costs the person time, and
    the chain has somebody else to ask."""
    try:
        yield
    except (aiohttp.ServerTimeoutError, TimeoutError) as error:
        raise _too_slow(asked, error) from error
    except aiohttp.ClientConnectorError as error:
        failure = ModelFailedError(_unreachable(asked, error))
        if isinstance(error.os_error, ConnectionResetError):
            raise AgainError(failure) from error
        raise failure from error
    except (
        aiohttp.ServerDisconnectedError,
        aiohttp.ClientOSError,
        aiohttp.ClientPayloadError,
    ) as error:
        raise AgainError(broken_off(asked)) from error
    except aiohttp.InvalidURL as error:
        raise ModelRefusedError(f"The url that the config has for {asked.name} is none.") from error
    except (aiohttp.ClientError, msgspec.DecodeError, RecursionError, TooLongError) as error:
        raise nonsense(asked) from error


def broken_off(asked: Asked) -> ModelFailedError:
    return ModelFailedError(f"The answer of {asked.name} broke off.")


def nonsense(asked: Asked) -> ModelFailedError:
    return ModelFailedError(f"{asked.name} answers something that cannot be understood.")


def _too_slow(asked: Asked, error: Exception) -> ModelFailedError:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ModelFailedError(f"{asked.name} cannot be reached: {asked.host} does not answer.")
    return ModelFailedError(f"{asked.name} sends nothing any more.")


def _unreachable(asked: Asked, error: aiohttp.ClientConnectorError) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            why = f"{asked.host} shows a certificate that cannot be trusted. Is the clock right?"
        case aiohttp.ClientConnectorDNSError():
            why = f"the name {asked.host} is not known. Is there a network?"
        case _:
            why = f"nobody answers at {error.host}:{error.port}."
    return f"{asked.name} cannot be reached: {why}"
