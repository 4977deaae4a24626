"""What front ends want: kept by their id, and there for their next chat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, Self

import msgspec
from msgspec import UNSET, structs

from pichat.bus import Bus
from pichat.config.describe import suggestion
from pichat.config.types import Profile, Style
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import ClientSettingsChanged, Terms
from pichat.gateway.clients.presets import (
    active_preset,
    find_preset,
    own_and_active,
    with_preset,
    without_preset,
)
from pichat.gateway.clients.views import ClientView, PresetView, client_view, preset_views
from pichat.gateway.clients.wishes import (
    AUTO,
    Base,
    Section,
    Settings,
    changed,
    chosen,
    merged,
    over,
    settings,
    styled,
    unknown_model,
)
from pichat.store.clients import (
    ClientTable,
    KeptClient,
    KeptPreset,
    LlmWishes,
    SttWishes,
    TtsWishes,
    Wishes,
)
from pichat.store.db import Database, uninterrupted

MOST_CLIENTS = 100
MOST_UI_BYTES = 64 * 1024
MOST_BYTES = 4 * 1024 * 1024
"""Of all clients together, as they are held in memory."""


class Profiles(Protocol):
    """Who can answer; see turn.profiles.Profiles."""

    @property
    def active(self) -> str: ...

    def names(self) -> tuple[str, ...]: ...

    def get(self, name: str) -> Profile: ...


class House:
    """What the house has where a client wants nothing. `styles`: how a profile sounds, by its name;
    `providers`: those of models that can be asked by name; `language`: the house's."""

    def __init__(
        self,
        profiles: Profiles,
        styles: Callable[[str], Style],
        providers: Collection[str],
        language: str,
    ) -> None:
        self.profiles = profiles
        self.style = styles
        self._providers = providers
        self._language = language

    def base(self, wished: str) -> Base:
        """What the profile of that name has, or the active one for ""."""
        name = wished or self.profiles.active
        profile = self.profiles.get(name)
        return Base(
            profile=profile,
            name=name,
            style=self.style(name),
            language=profile.language or self._language,
        )

    def unknown_model(self, model: str) -> str | None:
        """A sentence for a model that nobody here can be asked by."""
        return unknown_model(model, self._providers)

    def fitting(self, wishes: Wishes) -> Wishes:
        """Without those whose model or profile is not there."""
        llm = wishes.llm
        if self.unknown_model(chosen(llm.model, AUTO)):
            llm = structs.replace(llm, model=UNSET)
        if chosen(llm.profile, self.profiles.active) not in self.profiles.names():
            llm = structs.replace(llm, profile=UNSET)
        return structs.replace(wishes, llm=llm)

    def check(self, llm: LlmWishes) -> None:
        """Raises BadRequestError with a sentence for each wish that cannot be."""
        problems = []
        model, profile = chosen(llm.model, None), chosen(llm.profile, None)
        if model is not None and (problem := self.unknown_model(model)):
            problems.append(problem)
        if profile is not None and profile not in self.profiles.names():
            hint = suggestion(profile, self.profiles.names())
            problems.append(f"llm.profile: there is no profile “{profile}”.{hint}")
        if problems:
            raise BadRequestError(" ".join(problems))


class Clients:
    """See gateway.services.Clients. A wish that does not fit any more (its provider or its profile
    is gone) waits until it fits again."""

    def __init__(
        self, table: ClientTable, kept: dict[str, KeptClient], house: House, bus: Bus
    ) -> None:
        self._table = table
        self._kept = kept
        self._bytes = {client_id: each.size_bytes for client_id, each in kept.items()}
        self._house = house
        self._bus = bus
        self._changing = asyncio.Lock()

    @classmethod
    async def load(cls, database: Database, house: House, bus: Bus) -> Self:
        table = ClientTable(database)
        return cls(table, await table.load(), house, bus)

    # --- how it acts -----------------------------------------------------------------------

    def wishes(self, client_id: str) -> Terms:
        llm = self._holding(client_id).llm
        model = chosen(llm.model, AUTO)
        return Terms(
            tools=self.tools(client_id),
            model=None if model == AUTO else model,
            system=chosen(llm.system_prompt, None),
            temperature=chosen(llm.temperature, None),
            top_p=chosen(llm.top_p, None),
            max_tokens=chosen(llm.max_tokens, None),
        )

    def profile(self, client_id: str) -> str:
        name: str = chosen(self._holding(client_id).llm.profile, "")
        return name

    def style(self, client_id: str) -> Style:
        wishes = self._holding(client_id)
        name = chosen(wishes.llm.profile, self._house.profiles.active)
        return styled(wishes.tts, self._house.style(name))

    def speaks(self, client_id: str) -> str | None:
        language: str | None = chosen(self._holding(client_id).tts.language, None)
        return language

    def hears(self, client_id: str) -> str | None:
        language: str | None = chosen(self._holding(client_id).stt.language, None)
        return language

    def tools(self, client_id: str) -> tuple[str, ...] | None:
        return self._of(client_id).tools

    # --- settings --------------------------------------------------------------------------

    def view(self, client_id: str) -> ClientView:
        now = self._settings(self._holding(client_id))
        return client_view(client_id, self._of(client_id), now)

    async def change(
        self,
        client_id: str,
        *,
        llm: LlmWishes | None = None,
        tts: TtsWishes | None = None,
        stt: SttWishes | None = None,
        ui: Mapping[str, Any] | None = None,
        whole: bool = False,
    ) -> ClientView:
        if llm is not None:
            self._house.check(llm)
        async with self._changing:
            kept = self._of(client_id)
            new = Wishes(llm=llm or LlmWishes(), tts=tts or TtsWishes(), stt=stt or SttWishes())
            fresh = {
                name: type(each)()
                for name, each in (("llm", llm), ("tts", tts), ("stt", stt))
                if whole and each is not None
            }
            before = structs.replace(kept.wishes, **fresh)
            wishes = self._changed(before, new, active_preset(kept))
            own = kept.ui if ui is None else dict(ui) if whole else merged(kept.ui, ui)
            if len(msgspec.json.encode(own)) > MOST_UI_BYTES:
                raise BadRequestError(f"“ui” can have at most {MOST_UI_BYTES} bytes of JSON.")
            await self._keep(client_id, structs.replace(kept, wishes=wishes, ui=own))
        return self.view(client_id)

    async def reset(self, client_id: str, *sections: Section) -> ClientView:
        async with self._changing:
            kept = self._of(client_id)
            plain = {name: getattr(Wishes(), name) for name in sections if name != "ui"}
            wishes = structs.replace(kept.wishes, **plain)
            own = {} if "ui" in sections else kept.ui
            await self._keep(client_id, structs.replace(kept, wishes=wishes, ui=own))
        return self.view(client_id)

    async def set_tools(self, client_id: str, patterns: Sequence[str] | None) -> None:
        async with self._changing:
            tools = None if patterns is None else tuple(patterns)
            await self._keep(client_id, structs.replace(self._of(client_id), tools=tools))

    # --- presets ---------------------------------------------------------------------------

    def presets(self, client_id: str) -> tuple[PresetView, ...]:
        return preset_views(self._of(client_id))

    def preset(self, client_id: str, name: str) -> PresetView:
        return self.presets(client_id)[find_preset(self._of(client_id), name)]

    async def save_preset(self, client_id: str, name: str, *, again: bool = False) -> PresetView:
        async with self._changing:
            await self._keep(client_id, with_preset(self._of(client_id), name, again=again))
        return self.preset(client_id, name)

    async def apply_preset(self, client_id: str, name: str) -> ClientView:
        async with self._changing:
            kept = self._of(client_id)
            wishes = kept.presets[find_preset(kept, name)].wishes
            await self._keep(client_id, structs.replace(kept, wishes=wishes))
        return self.view(client_id)

    async def activate_preset(self, client_id: str, name: str | None) -> ClientView:
        async with self._changing:
            kept = self._of(client_id)
            active = None if name is None else kept.presets[find_preset(kept, name)].name
            await self._keep(client_id, structs.replace(kept, active_preset=active))
        return self.view(client_id)

    async def delete_preset(self, client_id: str, name: str | int) -> None:
        async with self._changing:
            kept = self._of(client_id)
            index = find_preset(kept, name) if isinstance(name, str) else name
            if not 0 <= index < len(kept.presets):
                raise NotFoundError(f"There is no preset number {index}; they count from 0.")
            await self._keep(client_id, without_preset(kept, index))

    # ---------------------------------------------------------------------------------------

    def _of(self, client_id: str) -> KeptClient:
        return self._kept.get(client_id) or KeptClient()

    def _holding(self, client_id: str) -> Wishes:
        """What it set, and its active preset, as far as that fits now."""
        return self._house.fitting(own_and_active(self._of(client_id)))

    def _settings(self, wishes: Wishes) -> Settings:
        return settings(wishes, self._house.base(chosen(wishes.llm.profile, "")))

    def _changed(self, before: Wishes, new: Wishes, preset: KeptPreset | None) -> Wishes:
        """What holds anyway, by the active preset and the profile, is no wish: it goes on following
        those."""
        under = Wishes() if preset is None else self._house.fitting(preset.wishes)
        wished = before.llm.profile if new.llm.profile is UNSET else new.llm.profile
        holds = self._settings(over(Wishes(llm=LlmWishes(profile=wished)), under))
        llm = {**structs.asdict(holds.llm), "profile": self._settings(under).llm.profile}
        return Wishes(
            llm=changed(before.llm, new.llm, llm),
            tts=changed(before.tts, new.tts, structs.asdict(holds.tts)),
            stt=changed(before.stt, new.stt, structs.asdict(holds.stt)),
        )

    async def _keep(self, client_id: str, kept: KeptClient) -> None:
        """Raises BadRequestError when there are too many, and UnavailableError."""
        if client_id not in self._kept and len(self._kept) >= MOST_CLIENTS:
            raise BadRequestError(
                f"Settings of {MOST_CLIENTS} clients are kept, which is the most."
                " Reset those of one that is not used any more."
            )
        size = kept.size_bytes
        others = sum(self._bytes.values()) - self._bytes.get(client_id, 0)
        if others + size > MOST_BYTES and size > self._bytes.get(client_id, 0):
            raise BadRequestError(
                f"The settings and presets of all clients can have {MOST_BYTES // 2**20} MB."
                " Delete presets that nobody needs."
            )
        # What is on the disk holds, also when the screen that asked for it has gone.
        await uninterrupted(self._save(client_id, kept, size))

    async def _save(self, client_id: str, kept: KeptClient, size: int) -> None:
        await self._table.save(client_id, kept)
        if kept == KeptClient():
            self._kept.pop(client_id, None)
            self._bytes.pop(client_id, None)
        else:
            self._kept[client_id] = kept
            self._bytes[client_id] = size
        self._bus.publish(ClientSettingsChanged(client_id=client_id))
