"""What can be asked in this house now: the intents, and every model that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from pichat.config.types import Profile
from pichat.errors import PiChatError, attempt
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.gguf import read_dimensions
from pichat.llm.images import ImageMaker
from pichat.llm.listing import Listing, Offered
from pichat.llm.local import PART, LocalProvider
from pichat.llm.pictures import Sighted
from pichat.llm.providers import LOCAL
from pichat.models.shelf import installed

AUTO, INTENTS = "auto", "intents"
Place = Literal["house", "network", "cloud"]
FRESH_S = 60.0
"""For so long a provider is not asked again which models it has."""


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be asked. `id` is what a `model` of other requests takes. `place`: on this
    machine, on another one of the house's own, or in the cloud. `available`: it can be asked now,
    and the active profile may; else `reason` is a sentence. `configured`: it stands in the config;
    others were told by their provider, or are installed. What is null is not known."""

    id: str
    name: str
    provider: str
    place: Place
    available: bool
    reason: str | None = None
    configured: bool = True
    context_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    tools: bool | None = None
    draws: bool = False
    size_bytes: int | None = None


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """`errors`: why a provider did not tell its models when it was asked last, by its name."""

    data: tuple[ModelView, ...]
    errors: dict[str, str]


class Chain(Protocol):
    """Who asks; see llm.chain.Chain."""

    def check(self, use: str, *, may_use_cloud: bool) -> None: ...


class Profiles(Protocol):
    @property
    def active(self) -> str: ...

    def names(self) -> tuple[str, ...]: ...

    def get(self, name: str) -> Profile: ...


@dataclass(frozen=True, slots=True)
class _Told:
    """What a provider told. `provider`: one that was configured anew has told nothing yet."""

    provider: Provider
    models: tuple[Offered, ...]
    error: str | None
    at_s: float


class Catalogue:
    """`providers` may be others from one call to the next. Nothing is asked for over the network
    but by `refresh`."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        chain: Chain,
        profiles: Profiles,
        health: Health,
        state_dir: Path,
        fresh_s: float = FRESH_S,
    ) -> None:
        self._providers = providers
        self._chain = chain
        self._profiles = profiles
        self._health = health
        self._state_dir = state_dir
        self._fresh_s = fresh_s
        self._told: dict[str, _Told] = {}
        self._refreshing = asyncio.Lock()

    async def models(self) -> ModelList:
        """What is known now."""
        local = await asyncio.to_thread(self._local)
        told = {name: each for name in self._providers if (each := self._told_by(name))}
        return ModelList(
            data=(*_house(), *local, *self._of_providers()),
            errors={name: each.error for name, each in told.items() if each.error},
        )

    async def refresh(self) -> ModelList:
        """Ask every provider that can tell its models; those that did lately are not asked again.
        What one told before stays when it fails."""
        async with self._refreshing:
            now_s = asyncio.get_running_loop().time()
            due = {
                name: provider
                for name, provider in self._providers.items()
                if isinstance(provider, Listing)
                and ((told := self._told_by(name)) is None or now_s - told.at_s >= self._fresh_s)
            }
            asked = [attempt(provider.offered()) for provider in due.values()]
            for name, answer in zip(due, await asyncio.gather(*asked), strict=True):
                before = self._told_by(name)
                if isinstance(answer, PiChatError):
                    models, error = before.models if before else (), answer.sentence
                else:
                    models, error = answer, None
                self._told[name] = _Told(self._providers[name], models, error, now_s)
        return await self.models()

    def _told_by(self, name: str) -> _Told | None:
        told = self._told.get(name)
        return told if told and told.provider is self._providers.get(name) else None

    # --- on this machine -------------------------------------------------------------------

    def _local(self) -> Sequence[ModelView]:
        """The configured one, and those that are only installed. Reads the disk."""
        found, path = [], None
        provider = self._providers.get(LOCAL)
        if isinstance(provider, LocalProvider):
            path = provider.path
            reason = self._why_not(LOCAL)
            context, size = _of_file(path, provider.context_tokens)
            found.append(
                ModelView(
                    id=LOCAL,
                    name=provider.model,
                    provider=LOCAL,
                    place="house",
                    available=reason is None,
                    reason=reason,
                    context_tokens=context,
                    input_modalities=("text",),
                    tools=True,
                    size_bytes=size,
                )
            )
        return [*found, *self._shelved(path)]

    def _shelved(self, in_use: Path | None) -> Iterator[ModelView]:
        for each in installed(self._state_dir):
            if each.kind == "gguf" and (in_use is None or each.path != in_use.absolute()):
                yield ModelView(
                    id=f"{LOCAL}:{each.name}",
                    name=each.name,
                    provider=LOCAL,
                    place="house",
                    available=False,
                    reason=f"It is installed, but not in use: set llm.local.model to {each.name}"
                    " in config.yaml.",
                    configured=False,
                    input_modalities=("text",),
                    tools=True,
                    size_bytes=each.model.size,
                )

    # --- elsewhere -------------------------------------------------------------------------

    def _of_providers(self) -> Iterator[ModelView]:
        chosen = self._chosen()
        for name, provider in self._providers.items():
            if name == LOCAL:
                continue
            told = self._told_by(name)
            offered = {each.id: each for each in told.models} if told else {}
            own = offered.get(provider.model, Offered(id=provider.model, name=provider.model))
            yield self._view(name, name, provider, own, configured=True)
            for model in dict.fromkeys((*chosen.get(name, ()), *offered)):
                if model != provider.model:
                    each = offered.get(model, Offered(id=model, name=model))
                    known = model in chosen.get(name, ())
                    yield self._view(f"{name}:{model}", name, provider, each, configured=known)

    def _view(
        self, use: str, name: str, provider: Provider, model: Offered, *, configured: bool
    ) -> ModelView:
        reason = self._why_not(use)
        whole: object = provider  # what it can beside answering is an extra of some
        inputs = model.input_modalities
        if inputs is None and isinstance(whole, Sighted):
            inputs = ("text", "image") if whole.sees else ("text",)
        return ModelView(
            id=use,
            name=model.name,
            provider=name,
            place="cloud" if provider.cloud else "network",
            available=reason is None,
            reason=reason,
            configured=configured,
            context_tokens=model.context_tokens,
            input_modalities=inputs,
            tools=model.tools,
            draws=isinstance(whole, ImageMaker) and use == name and bool(whole.image_model),
        )

    def _chosen(self) -> dict[str, list[str]]:
        """Models that a profile's chain names, by their provider."""
        found: dict[str, list[str]] = {}
        for profile in map(self._profiles.get, self._profiles.names()):
            for step in profile.steps:
                name, colon, model = step.use.partition(":")
                if colon:
                    found.setdefault(name, []).append(model)
        return found

    def _why_not(self, use: str) -> str | None:
        """A sentence while it cannot be asked, or the active profile may not."""
        may_use_cloud = self._profiles.get(self._profiles.active).may_use_cloud
        try:
            self._chain.check(use, may_use_cloud=may_use_cloud)
        except PiChatError as error:
            return error.sentence
        part = self._health.parts().get(PART) if use == LOCAL else None
        return part.reason if part and part.status in ("degraded", "failed") else None


def _house() -> Iterable[ModelView]:
    for use, name in ((AUTO, "As the profile asks"), (INTENTS, "Commands for the house")):
        yield ModelView(
            id=use, name=name, provider="pichat", place="house", available=True, tools=True
        )


def _of_file(path: Path, context_tokens: int) -> tuple[int | None, int | None]:
    """The context that is used, and the bytes; None for what cannot be read."""
    try:
        dimensions = read_dimensions(path)
    except PiChatError:
        return None, None
    return min(context_tokens, dimensions.context_tokens), dimensions.file_bytes
