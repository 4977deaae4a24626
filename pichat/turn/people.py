"""On what terms each person is answered, and what that makes of a turn and of its profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from glob import escape
from typing import Protocol, TypeVar

import msgspec
from msgspec import structs

from pichat.config.types import Profile, Step
from pichat.events import Terms, Utterance
from pichat.tools.patterns import permitter
from pichat.tools.questions import PEOPLE

T = TypeVar("T")
_INTENTS = Step(use="intents")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`terms`: what this person may, and whom they want to think. `profile`: who answers them, None
    for whoever is active; one who is not `trusted` (a child, a visitor) has no other, and cannot
    say yes for the house. `kept`: what they say may stay on the disk."""

    terms: Terms = Terms()
    profile: str | None = None
    language: str | None = None
    trusted: bool = True
    kept: bool = True


class People(Protocol):
    """Who lives here."""

    def standing(self, user_id: str) -> Standing:
        """Raises NotAllowedError for somebody who is not there any more."""
        ...


class Alike:
    """Implements People where nobody is told apart."""

    def standing(self, user_id: str) -> Standing:  # noqa: ARG002  see People
        """See People."""
        return Standing()


def as_allowed(utterance: Utterance, standing: Standing, tools: Iterable[str]) -> Utterance:
    """What was said, on the terms of whoever said it. `tools`: the names of all."""
    own, wished = standing.terms, utterance.terms
    terms = structs.replace(
        wished,
        tools=both(own.tools, wished.tools, tools),
        may_use_cloud=own.may_use_cloud and wished.may_use_cloud,
        model=wished.model or own.model,
    )
    wanted = utterance.profile if standing.trusted else ""
    return structs.replace(
        utterance,
        source="guest" if _pretends(utterance, standing) else utterance.source,
        profile=wanted or standing.profile or utterance.profile,
        kept=utterance.kept and standing.kept,
        terms=terms,
    )


def with_terms(profile: Profile, terms: Terms, standing: Standing, tools: Iterable[str]) -> Profile:
    """The profile as it answers on those terms."""
    parameters = structs.replace(
        profile.parameters,
        temperature=_first(terms.temperature, profile.parameters.temperature),
        top_p=_first(terms.top_p, profile.parameters.top_p),
        max_tokens=_first(terms.max_tokens, profile.parameters.max_tokens),
        seed=_first(terms.seed, profile.parameters.seed),
        stop=terms.stop or profile.parameters.stop,
    )
    return structs.replace(
        profile,
        tools=both(profile.tools, terms.tools, tools),
        may_use_cloud=profile.may_use_cloud and terms.may_use_cloud,
        chain=profile.chain if terms.model is None else _asking(profile, terms.model),
        system=_system(profile.system, terms.system, standing),
        language=standing.language or profile.language,
        parameters=parameters,
    )


def both(
    one: Sequence[str] | None, other: Sequence[str] | None, tools: Iterable[str]
) -> tuple[str, ...] | None:
    """Patterns that permit, of these tools, what both permit; None permits all."""
    if one is None or other is None:
        rest = other if one is None else one
        return None if rest is None else tuple(rest)
    by_one, by_other = permitter(one), permitter(other)
    return tuple(escape(name) for name in tools if by_one(name) and by_other(name))


def _pretends(utterance: Utterance, standing: Standing) -> bool:
    """Whether it counts as the wish of a person of the house, and is not."""
    return utterance.source in PEOPLE and not standing.trusted


def _asking(profile: Profile, model: str) -> tuple[Step, ...]:
    """The intents, then that step, with the deadlines that the profile has for it."""
    known = (step for step in profile.steps if step.use == model)
    return (_INTENTS, next(known, Step(use=model)))


def _system(own: str, wished: str | None, standing: Standing) -> str:
    if wished is None:
        return own
    # What a child's profile says to models is not to be got rid of by a client's words.
    return wished if standing.trusted else f"{own}\n\n{wished}".strip()


def _first(one: T | None, other: T | None) -> T | None:
    return other if one is None else one
