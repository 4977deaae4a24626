"""A profile's chain: whoever is first and can answer does; the intents stand where it has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec
from msgspec import structs

from pichat.config.types import Profile, Step
from pichat.errors import NotUnderstoodError
from pichat.events import Question, Tried, Utterance
from pichat.intents.consent import NO, YES, answer_in
from pichat.intents.gate import try_each
from pichat.intents.understood import Understood
from pichat.tools.base import Toolbox
from pichat.turn.by_intents import INTENTS, ByIntents
from pichat.turn.ending import Ending, Happened, Way
from pichat.turn.mind import Mind
from pichat.turn.stopwatch import Stopwatch
from pichat.turn.tongues import Intents

_MISHEARD = "Sorry, I did not catch that."

Segment = tuple[Step, ...]
"""Models in a row; an empty one stands for the intents."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, as the `intents` have it. `understood`: it is a command. `yes`: it is a yes
    or a no, and nothing else; `question`: the one that is open where it was said."""

    text: str
    intents: Intents
    understood: Understood | None = None
    yes: bool | None = None
    question: Question | None = None


async def heard_as(utterance: Utterance, intents: Intents, language: str) -> Heard:
    """The first candidate that is a command, or a yes or no; else the likeliest as it is."""
    passing = try_each(intents, utterance.candidates, utterance.area)
    for candidate, passed in zip(utterance.candidates, passing, strict=True):
        yes = answer_in(candidate, language)
        if yes is not None:
            return Heard(text=candidate, intents=intents, yes=yes)
        if passed is not None and passed[1].intent not in (YES, NO):
            return Heard(text=candidate, intents=intents, understood=passed[1])
        # To refuse speech takes all of them: the radio has its turn in between.
        await asyncio.sleep(0)
    return Heard(text=next(iter(utterance.candidates), ""), intents=intents)


def segments_of(steps: Sequence[Step], providers: Sequence[str]) -> tuple[Segment, ...]:
    """The chain in its parts. Without one: the intents, then every provider."""
    if not steps:
        steps = [Step(use=name) for name in (INTENTS, *providers)]
    segments: list[Segment] = []
    models: list[Step] = []
    for step in steps:
        if step.use != INTENTS:
            models.append(step)
            continue
        segments += [tuple(models)] * bool(models) + [()]
        models = []
    return (*segments, *[tuple(models)] * bool(models))


class ByChain:
    """Implements Way. `name`: the profile's."""

    answered = True  # whoever is last does, if only to say that nobody can

    def __init__(
        self,
        heard: Heard,
        utterance: Utterance,
        name: str,
        profile: Profile,
        segments: Sequence[Segment],
        mind: Mind,
        tools: Toolbox,
        asked: Callable[[Question, Understood], None],
    ) -> None:
        self.text = heard.text
        self._heard = heard
        self._utterance = utterance
        self._name = name
        self._profile = profile
        self._mind = mind
        self._tools = tools
        self._asked = asked
        # The recogniser knows only commands, so this was none of its words.
        self._misheard = (
            utterance.commands_only
            and bool(mind.providers)
            and heard.understood is None
            and heard.yes is None
        )
        self._segments = [each for each in segments if self._suits(each)]
        self._way: Way | None = None
        first = self._segments[0] if self._segments else ()
        self.provider = first[0].use if first else INTENTS

    async def events(self, clock: Stopwatch) -> AsyncGenerator[Happened | Ending, None]:
        """See Way."""
        if not self._segments:
            sentence = self._heard.intents.not_understood()
            raise NotUnderstoodError(_MISHEARD if self._misheard else sentence)
        tried: tuple[Tried, ...] = ()
        for place, segment in enumerate(self._segments, 1):
            self._way = way = await self._way_of(segment)
            async with aclosing(way.events(clock)) as events:
                async for event in events:
                    if isinstance(event, Ending):
                        event = structs.replace(event, tried=(*tried, *event.tried))
                        tried = event.tried
                    # The excuse that nobody answers waits until nobody is left.
                    if way.answered or place == len(self._segments):
                        yield event
            if way.answered:
                return

    def so_far(self) -> Ending | None:
        """See Way."""
        return self._way.so_far() if self._way else None

    def _suits(self, segment: Segment) -> bool:
        if not segment:
            return self._heard.understood is not None
        return bool(self._mind.providers) and not self._misheard

    async def _way_of(self, segment: Segment) -> Way:
        heard = self._heard
        if segment or heard.understood is None:
            return await self._mind.think(
                self._utterance, heard.text, self._name, self._profile, segment
            )
        return ByIntents(
            heard.text, heard.understood, self._utterance, heard.intents, self._tools, self._asked
        )
