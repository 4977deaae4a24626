"""The chain: whoever is asked first answers, and where that fails, the next."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import ClassVar

import structlog
from msgspec import structs

from pichat.config.types import Step
from pichat.errors import NotAllowedError, NotFoundError, PiChatError, UnavailableError
from pichat.events import Tried
from pichat.health import Health
from pichat.llm.attempt import Answering, Attempt
from pichat.llm.base import LlmEvent, Provider, Request
from pichat.llm.failures import RequestRefusedError
from pichat.llm.nobody import nobody_answers
from pichat.llm.pictures import Sighted, has_pictures, newest_has_pictures, without_pictures
from pichat.llm.resting import PART, Probe, Probing, Resting

log = structlog.get_logger(__name__)

INTENTS = "intents"
"""The step that is no model: it is the turn's."""

ChainEvent = LlmEvent | Answering | Tried


class CutOffError(PiChatError):
    """The answer ended before its end, after words of it were given. `cause` is why."""

    code: ClassVar[str] = "cut_off"
    retryable: ClassVar[bool] = True

    def __init__(self, cause: PiChatError) -> None:
        super().__init__(f"The answer broke off. {cause.sentence}")
        self.cause = cause


class Chain:
    """Asks the `providers`, by the names that steps use. Run `serve` beside it, so that those that
    failed come back; the part `thinking` on the board says whether anybody can be asked."""

    def __init__(self, providers: Mapping[str, Provider], health: Health) -> None:
        self._providers = providers
        self._resting = Resting(self._probe_of, health)
        self._health = health
        self.providers_changed()

    def providers_changed(self) -> None:
        """Tell the board whether there is anybody now; nobody rests any more."""
        self._resting.forget()
        if self._providers:
            self._health.set(PART, "ok")
        else:
            self._health.set(PART, "off", "No language model is set up.")

    async def serve(self) -> None:
        """Try again, in the background, whoever rests. Ends only by being cancelled."""
        await self._resting.serve()

    async def stream(
        self, steps: Sequence[Step], request: Request, *, may_use_cloud: bool
    ) -> AsyncGenerator[ChainEvent, None]:
        """The events of the first provider that answers, `Answering` before its first piece. Of
        each one before it, `Tried`; what came of that one's answer (tool calls only, never words)
        is void. Without steps every provider is asked, in their order.

        Closing it cancels the provider. Raises CutOffError when a provider fails after words, and
        UnavailableError with a sentence for the person when nobody answers.
        """
        tried: list[Tried] = []
        steps = steps or [Step(use=name) for name in self._providers]
        models = [step for step in steps if step.use != INTENTS]
        for place, step in enumerate(models):
            took_s = 0.0
            try:
                provider = self._fit(step.use, may_use_cloud=may_use_cloud)
            except PiChatError as unfit:
                failure: PiChatError = unfit
            else:
                for attempt in _attempts(provider, _for_step(request, step), models[place:]):
                    async with aclosing(attempt.pieces()) as pieces:
                        async for piece in pieces:
                            yield piece
                    took_s += attempt.took_s
                    if attempt.failure is None:
                        self._resting.answered(step.use)
                        return
                    failure = attempt.failure
                log.info("model failed", use=step.use, code=failure.code, said=attempt.said)
                self._resting.failed(step.use, failure, took_s)
                if attempt.said:
                    raise CutOffError(failure) from failure
            tried.append(_tried(step, failure, took_s))
            yield tried[-1]
        raise UnavailableError(nobody_answers(tried))

    def check(self, use: str, *, may_use_cloud: bool) -> None:
        """Raises, with a sentence, while that step would not be asked."""
        self._fit(use, may_use_cloud=may_use_cloud)

    def _fit(self, use: str, *, may_use_cloud: bool) -> Provider:
        """The provider of a step, if it may be asked now."""
        provider = self._provider(use)
        if provider is None:
            raise NotFoundError(f"There is no language model called “{use}”.")
        if provider.cloud and not may_use_cloud:
            raise NotAllowedError(f"{use} is in the cloud, which this profile may not use.")
        self._resting.check(use)
        return provider

    def _provider(self, use: str) -> Provider | None:
        return self._providers.get(use.partition(":")[0])

    def _probe_of(self, use: str) -> Probe | None:
        provider: object = self._provider(use)  # the probe is an extra of some
        return provider.probe if isinstance(provider, Probing) else None


def _for_step(request: Request, step: Step) -> Request:
    model = step.use.partition(":")[2]
    return structs.replace(request, model=model) if model else request


def _attempts(provider: Provider, request: Request, steps: Sequence[Step]) -> Iterator[Attempt]:
    """One; and where a model refuses what has pictures, another one without them."""
    if not has_pictures(request):
        yield Attempt(provider, request, steps)
        return
    if not isinstance(provider, Sighted) or provider.sees:
        yield (first := Attempt(provider, request, steps))
        if first.said or not isinstance(first.failure, RequestRefusedError):
            return
    blind = newest_has_pictures(request)
    yield Attempt(provider, without_pictures(request), steps, blind=blind)


def _tried(step: Step, failure: PiChatError, took_s: float) -> Tried:
    return Tried(
        provider=step.use,
        code=failure.code,
        reason=failure.sentence,
        after_ms=round(took_s * 1000, 3),
    )
