"""A turn: understand, act through the tools, answer; streamed as events to whoever asked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

import structlog
from msgspec import structs

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.errors import CancelledByUserError, PiChatError
from pichat.events import (
    Question,
    TurnEvent,
    TurnFinished,
    TurnStarted,
    TurnText,
    Utterance,
)
from pichat.intents.understood import Understood
from pichat.tools.base import Toolbox
from pichat.turn.by_chain import ByChain, Heard, heard_as, segments_of
from pichat.turn.by_consent import ByConsent
from pichat.turn.by_intents import INTENTS
from pichat.turn.ending import Ending, Happened, Way, said
from pichat.turn.memory import Memory
from pichat.turn.mind import Mind
from pichat.turn.people import Alike, People, as_allowed, with_terms
from pichat.turn.stopwatch import Stopwatch
from pichat.turn.tongues import Tongues

log = structlog.get_logger(__name__)

_MOST_ASKED = 32


class Profiles(Protocol):
    """Whom a person can talk to."""

    @property
    def active(self) -> str: ...

    def get(self, name: str) -> Profile: ...


class Turns:
    """Runs turns. Every event goes to the caller and, the same, to the bus."""

    def __init__(
        self,
        tongues: Tongues,
        tools: Toolbox,
        bus: Bus,
        profiles: Profiles,
        mind: Mind,
        memory: Memory,
        people: People | None = None,
    ) -> None:
        """`people`: who lives here; without, nobody is told apart."""
        self._tongues = tongues
        self._tools = tools
        self._bus = bus
        self._profiles = profiles
        self._mind = mind
        self._memory = memory
        self._people = people or Alike()
        # What open questions are about, to word the answer in the house's language.
        self._asked: OrderedDict[str, Understood] = OrderedDict()

    async def run(self, utterance: Utterance) -> AsyncGenerator[TurnEvent, None]:
        """The turn's events, `TurnStarted` first and `TurnFinished` last, whatever happens. What
        was said is on the disk by then. Raises NotAllowedError for a person who is not there any
        more, and NotFoundError for somebody else's conversation; then there is no turn.

        Closing the iterator ends the turn; a command that is on its way to a device by then is
        not taken back.
        """
        under_way = False
        try:
            async with aclosing(self._events(utterance)) as events:
                async for event in events:
                    under_way = not isinstance(event, TurnFinished)
                    self._bus.publish(event)
                    yield event
        finally:
            if under_way:
                cancelled = said("", INTENTS, CancelledByUserError("It was cancelled."))
                self._bus.publish(_end(utterance, cancelled, Stopwatch()))

    def forget(self, conversation_id: str) -> None:
        """The connection has gone that it was held on: what may not stay goes, too."""
        self._memory.forget(conversation_id)

    async def command_in(self, utterance: Utterance) -> str | None:
        """The likeliest candidate that is a command of this house, or that answers what was asked
        before, if any is."""
        utterance = self._as_allowed(utterance)
        heard = await self._heard(utterance, self._profile(utterance)[1])
        return heard.text if heard.understood is not None or self._answers(heard) else None

    async def _events(self, utterance: Utterance) -> AsyncGenerator[TurnEvent, None]:
        clock = Stopwatch()
        utterance = self._as_allowed(utterance)
        await self._memory.check(utterance)
        name, profile = self._profile(utterance)
        way = await self._way(utterance, name, profile)
        clock.mark("understand")
        self._memory.asked(utterance, way.text, name)
        ending: Ending | None = None
        try:
            yield TurnStarted(
                turn_id=utterance.turn_id,
                conversation_id=utterance.conversation_id,
                source=utterance.source,
                text=way.text,
                provider=way.provider,
                user_id=utterance.user_id,
            )
            async with aclosing(self._follow(way, clock, utterance)) as events:
                async for event in events:
                    if isinstance(event, Ending):
                        ending = event
                    else:
                        yield event
        finally:
            # A turn that was broken off keeps what had come of it.
            over = ending or way.so_far()
            if over is not None:
                code = over.error.code if over.error else None
                self._memory.answered(utterance, name, over, clock.timings_ms, code)
        clock.mark("answer")
        await self._memory.kept()
        clock.mark("keep")
        yield _end(utterance, ending or said("", way.provider), clock)

    async def _follow(
        self, way: Way, clock: Stopwatch, utterance: Utterance
    ) -> AsyncGenerator[Happened | Ending, None]:
        """The way's events; what it raises becomes its ending, and is said."""
        error: PiChatError
        try:
            async with aclosing(way.events(clock)) as events:
                async for event in events:
                    yield event
        except PiChatError as expected:
            error = expected
        except Exception:  # the turn's boundary: whoever spoke hears of it, the log has the rest
            log.exception("turn failed", turn_id=utterance.turn_id)
            error = PiChatError.unexpected(utterance.turn_id)
        else:
            return
        yield TurnText(turn_id=utterance.turn_id, text=error.sentence)
        yield said(error.sentence, way.provider, error)

    # --- who answers -----------------------------------------------------------------------

    def _profile(self, utterance: Utterance) -> tuple[str, Profile]:
        name = utterance.profile or self._profiles.active
        standing = self._people.standing(utterance.user_id)
        profile = with_terms(
            self._profiles.get(name), utterance.terms, standing, self._tools.names()
        )
        return name, profile

    def _as_allowed(self, utterance: Utterance) -> Utterance:
        standing = self._people.standing(utterance.user_id)
        return as_allowed(utterance, standing, self._tools.names())

    async def _way(self, utterance: Utterance, name: str, profile: Profile) -> Way:
        heard = await self._heard(utterance, profile)
        if self._answers(heard) and heard.question is not None:
            return ByConsent(
                heard.text,
                heard.question,
                utterance,
                self._tools,
                heard.intents,
                self._asked.pop(heard.question.id, None),
                yes=bool(heard.yes),
                language=profile.language or self._tongues.house,
            )
        segments = segments_of(profile.steps, self._mind.providers)
        return ByChain(
            heard, utterance, name, profile, segments, self._mind, self._tools, self._ask
        )

    async def _heard(self, utterance: Utterance, profile: Profile) -> Heard:
        language = profile.language or self._tongues.house
        intents = await self._tongues.of(profile.language)
        heard = await heard_as(utterance, intents, language)
        question = self._tools.questions.open_for(utterance.conversation_id)
        return structs.replace(heard, question=question)

    @staticmethod
    def _answers(heard: Heard) -> bool:
        """Whether it is the yes or the no to an open question."""
        return heard.question is not None and heard.yes is not None

    def _ask(self, question: Question, understood: Understood) -> None:
        self._asked[question.id] = understood
        while len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)


def _end(utterance: Utterance, ending: Ending, clock: Stopwatch) -> TurnFinished:
    error = ending.error
    return TurnFinished(
        turn_id=utterance.turn_id,
        conversation_id=utterance.conversation_id,
        text=ending.text,
        provider=ending.provider,
        model=ending.model,
        tokens=ending.tokens,
        tried=ending.tried,
        code=error.code if error else None,
        retryable=error is not None and error.retryable,
        timings_ms=clock.timings_ms,
        cut_off=ending.cut_off,
    )
