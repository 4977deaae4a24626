"""How a language model fails, in the three ways that matter to whoever waits for its answer."""

from __future__ import annotations

from pichat.errors import PiChatError


class ModelFailedError(PiChatError):
    """It could not be reached, broke off, or answered nonsense: later it may work."""

    code = "model_failed"
    retryable = True


class ModelRefusedError(PiChatError):
    """It will not do this, however often it is asked: a wrong key, an unknown model, a request
    that is too long."""

    code = "model_refused"


class RateLimitedError(PiChatError):
    """It has had enough for now. `retry_after_s`: when it may be asked again, if it said so."""

    code = "rate_limited"
    retryable = True

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s
