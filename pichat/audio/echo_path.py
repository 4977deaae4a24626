"""The way of PiChat's own sound from the speaker to the echo canceller."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from pichat.audio.base import EchoCanceller
from pichat.errors import UnavailableError

log = structlog.get_logger(__name__)


class EchoPath:
    """The speaker is there before the canceller, which `make` builds on the listening thread, and
    anew with every listener."""

    def __init__(self, make: Callable[[], EchoCanceller]) -> None:
        self._make = make
        self._canceller: EchoCanceller | None = None

    def played(self, pcm: bytes, sample_rate_hz: int, channels: int) -> None:
        """See EchoCanceller."""
        if (canceller := self._canceller) is not None:
            canceller.played(pcm, sample_rate_hz, channels)

    def build(self) -> EchoCanceller | None:
        """The canceller; None, and a line in the log, when its library is not there."""
        try:
            self._canceller = self._make()
        except UnavailableError as error:
            log.warning("no echo cancellation", reason=error.sentence)
            self._canceller = None
        return self._canceller
