"""One provider's attempt at an answer, within the deadlines of its step."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec
import structlog

from pichat.config.types import Step
from pichat.errors import PiChatError
from pichat.llm.base import CallDelta, Ended, LlmEvent, Provider, Request, TextDelta
from pichat.llm.errors import ModelFailedError, ModelRefusedError

log = structlog.get_logger(__name__)


class Answering(msgspec.Struct, frozen=True, kw_only=True, tag="answering"):
    """The first piece of an answer is there. `steps`: the one that it came from and those after
    it, for who wants to go on with the same provider. `blind`: what the person said just now had
    pictures, which this model was not shown."""

    provider: str
    model: str
    steps: tuple[Step, ...]
    blind: bool = False


class Attempt:
    """Read `pieces` to their end; then `failure` says why the answer is not whole, or is None.
    `said`: words had come by then. `took_s`: how long the provider was waited for."""

    def __init__(
        self, provider: Provider, request: Request, steps: Sequence[Step], *, blind: bool = False
    ) -> None:
        """`steps`: this attempt's, and those after it. `blind`: see Answering."""
        self._provider = provider
        self._request = request
        self._steps = steps
        self._blind = blind
        self._answering = False
        self.said = False
        self.took_s = 0.0
        self.failure: PiChatError | None = None

    async def pieces(self) -> AsyncGenerator[LlmEvent | Answering, None]:
        """The provider's events, `Answering` before the first that is more than a count of tokens.
        Raises nothing. Closing it closes the provider's stream."""
        try:
            async with aclosing(self._provider.stream(self._request)) as stream:
                while True:
                    event = await self._next(stream)
                    if isinstance(event, TextDelta) and not event.text:
                        continue
                    if self._begins(event):
                        yield self._marker()
                    yield event
                    if isinstance(event, Ended):
                        return
        except PiChatError as error:
            self.failure = error
        except Exception:  # a provider's defect must not keep the others from being asked
            log.exception("provider failed", provider=self._provider.name)
            self.failure = ModelFailedError(
                f"{self._provider.name} failed unexpectedly; the log has more."
            )

    async def _next(self, stream: AsyncGenerator[LlmEvent, None]) -> LlmEvent:
        """Only the waiting counts: whoever reads slowly takes none of the provider's time."""
        loop = asyncio.get_running_loop()
        step, since_s = self._steps[0], loop.time()
        limit_s = step.total_s if self._answering else min(step.first_token_s, step.total_s)
        try:
            async with asyncio.timeout(limit_s - self.took_s) as limit:
                return await anext(stream)
        except TimeoutError:
            if not limit.expired():
                raise
            what = "did not finish" if self._answering else "gave no word"
            sentence = f"{self._provider.name} {what} within {limit_s:g} s."
            raise ModelFailedError(sentence) from None
        except StopAsyncIteration:
            raise ModelFailedError(f"{self._provider.name} broke off.") from None
        finally:
            self.took_s += loop.time() - since_s

    def _begins(self, event: LlmEvent) -> bool:
        """Whether this is the first piece. Raises for an answer that is none."""
        self.said = self.said or isinstance(event, TextDelta)
        if self._answering or not isinstance(event, TextDelta | CallDelta | Ended):
            return False
        if isinstance(event, Ended):
            self._refuse_silence(event)
        self._answering = True
        return True

    def _refuse_silence(self, event: Ended) -> None:
        """A person gets an answer. After a tool's result silence may be meant: all is done."""
        if event.reason == "refused":
            raise ModelRefusedError(f"{self._provider.name} will not answer that.")
        if not self._request.messages or self._request.messages[-1].role == "user":
            raise ModelFailedError(f"{self._provider.name} answered nothing.")

    def _marker(self) -> Answering:
        return Answering(
            provider=self._provider.name,
            model=self._request.model or self._provider.model,
            steps=tuple(self._steps),
            blind=self._blind,
        )
