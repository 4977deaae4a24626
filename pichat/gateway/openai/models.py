"""Whom a client means by a `model`: PiChat itself, one of its profiles, or a language model."""

from collections.abc import Iterator

import msgspec

from pichat.config.describe import suggestion
from pichat.errors import NotFoundError
from pichat.gateway.services import Services

PICHAT = "pichat"
_AS_EVER = (PICHAT, "auto", "")
INTENTS = "intents"
_LONGEST = 64


class ModelNotFoundError(NotFoundError):
    """The `model` of a request is nobody whom PiChat could ask."""

    code = "model_not_found"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers: a `profile` ("" for the active one), or with `model` that step of a chain."""

    profile: str = ""
    model: str | None = None


def names(services: Services) -> Iterator[str]:
    """Every model that can be asked for."""
    profiles = services.profiles.names()
    yield PICHAT
    yield from (name for name in profiles if name != PICHAT)
    yield from (name for name in services.providers if name not in profiles)


def choose(services: Services, model: str | None, profile: str | None = None) -> Chosen:
    """Whom `model` means; beside it a `profile` says who the model speaks as. Raises
    ModelNotFoundError, and NotFoundError for an unknown profile."""
    wanted = (model or "").strip()
    profiles = services.profiles.names()
    if profile is not None and profile not in profiles:
        hint = suggestion(profile[:_LONGEST], profiles)
        raise NotFoundError(f"There is no profile “{profile[:_LONGEST]}”.{hint}")
    if wanted in _AS_EVER:
        return Chosen(profile=profile or "")
    if wanted in profiles:
        return Chosen(profile=profile or wanted)
    provider, colon, rest = wanted.partition(":")
    if wanted == INTENTS or (provider in services.providers and bool(colon) == bool(rest)):
        return Chosen(profile=profile or "", model=wanted)
    known = tuple(names(services))
    hint = suggestion(wanted[:_LONGEST], known) or f" One can ask {', '.join(known[:8])}."
    raise ModelNotFoundError(f"There is no model “{wanted[:_LONGEST]}” here.{hint}")
