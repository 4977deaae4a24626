"""The profiles as they are now: those of config.yaml, with what the owner changed of them, and
those that the owner added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import msgspec
from msgspec import structs

from pichat.bus import Bus
from pichat.config.describe import suggestion
from pichat.config.overlay import setting, settings_of
from pichat.config.types import Config, Profile
from pichat.errors import BadRequestError, NotFoundError
from pichat.events import ProfilesChanged
from pichat.store.db import Database, uninterrupted
from pichat.store.profiles import KeptProfiles, ProfileTable
from pichat.turn.configured import (
    DEFAULT,
    WAKE_WORDS,
    Configured,
    Snapshot,
    Words,
    reset_names,
)

_LONGEST_NAME = 64
_MOST_BYTES = 64 * 1024
_MOST_PROFILES = 100


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """A profile as people see it. `configured`: it stands in config.yaml; `changed`: the settings
    that are not as they are there, by dotted names. `wake_words`: those that call it even while
    another one is active."""

    name: str
    active: bool
    configured: bool
    changed: tuple[str, ...]
    wake_words: tuple[str, ...]
    settings: dict[str, Any]


class Profiles:
    """Changes are checked whole, on the disk, and there for the next turn before they are told of.

    A setting that nobody changed follows config.yaml, and so does one that is given the value
    which it has there. A change that does not fit any more (its provider is gone) waits until it
    fits again.
    """

    def __init__(self, config: Config, table: ProfileTable, kept: KeptProfiles, bus: Bus) -> None:
        self._configured = Configured(config)
        self._table = table
        self._bus = bus
        self._changing = asyncio.Lock()
        self._tell_words: Callable[[Words], None] | None = None
        self._now = self._configured.snapshot(kept)

    @classmethod
    async def load(cls, config: Config, database: Database, bus: Bus) -> Self:
        table = ProfileTable(database)
        return cls(config, table, await table.load(), bus)

    # --- reading ---------------------------------------------------------------------------

    @property
    def active(self) -> str:
        """The profile of turns that name none."""
        return self._now.active

    def names(self) -> tuple[str, ...]:
        """`default` and those of config.yaml first."""
        return tuple(self._now.profiles)

    def get(self, name: str) -> Profile:
        """The profile of that name; `default` for one that is not there any more."""
        return self._now.profiles.get(name) or self._now.profiles[DEFAULT]

    def wake_words(self) -> Words:
        """Whom each wake word calls; None: whoever is active."""
        return self._now.words

    def called_by(self, word: str) -> str:
        """The name of the profile that answers to a wake word, or to a button ("")."""
        return self._now.words.get(word) or self._now.active

    def on_wake_words_changed(self, tell: Callable[[Words], None]) -> None:
        """Have `tell` called with `wake_words()` whenever they have changed."""
        self._tell_words = tell

    def view(self, name: str) -> ProfileView:
        """Raises NotFoundError."""
        now = self._now
        self._check_there(name)
        return ProfileView(
            name=name,
            active=name == now.active,
            configured=name in self._configured,
            changed=tuple(sorted(now.kept.changes.get(name, ()))),
            wake_words=tuple(word for word, whom in now.words.items() if whom == name),
            settings=settings_of(now.profiles[name]),
        )

    def views(self) -> tuple[ProfileView, ...]:
        return tuple(self.view(name) for name in self.names())

    def prepare(self, config: Config) -> Callable[[], None]:
        """What takes over the profiles of a changed config.yaml, and tells of them."""
        configured = Configured(config)

        def commit() -> None:
            self._configured = configured
            self._became(configured.snapshot(self._now.kept))

        return commit

    # --- changing --------------------------------------------------------------------------

    async def create(
        self, name: str, settings: Mapping[str, Any], wake_words: Sequence[str] | None = None
    ) -> ProfileView:
        """A profile that only the store knows. Raises BadRequestError with every problem, and
        UnavailableError when it cannot be kept."""
        name = _readable(name)
        async with self._changing:
            same = [each for each in self.names() if each.casefold() == name.casefold()]
            if same:
                raise BadRequestError(f"There is already a profile “{same[0]}”.")
            if len(self.names()) >= _MOST_PROFILES:
                raise BadRequestError(f"There are {_MOST_PROFILES} profiles, which is the most.")
            await self._change(name, settings, (), wake_words)
        return self.view(name)

    async def update(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        reset: Sequence[str] = (),
        wake_words: Sequence[str] | None = None,
    ) -> ProfileView:
        """Change `settings` (nested, or by dotted names), after the settings named in `reset` were
        taken back. `wake_words`: all that call it from now on. Raises NotFoundError, and as
        `create`; then nothing has changed."""
        async with self._changing:
            self._check_there(name)
            await self._change(name, settings, reset, wake_words)
        return self.view(name)

    async def delete(self, name: str) -> bool:
        """Whether it is gone: one of config.yaml is only as it is there again. Its wake words call
        whom they called before, and `default` is active in its place. Raises NotFoundError, and
        UnavailableError when that cannot be kept."""
        async with self._changing:
            self._check_there(name)
            kept = self._now.kept
            changes = {each: kept.changes[each] for each in kept.changes if each != name}
            gone = name not in self._configured
            words = {word: whom for word, whom in kept.wake_words.items() if whom != name}
            if not gone:
                words = self._configured.words_taken_back(name, kept.wake_words)
            active = DEFAULT if gone and kept.active == name else kept.active
            await self._keep(KeptProfiles(changes=changes, active=active, wake_words=words), name)
        return gone

    async def activate(self, name: str) -> ProfileView:
        """Have it answer turns that name none. Raises NotFoundError, and UnavailableError when that
        cannot be kept."""
        async with self._changing:
            self._check_there(name)
            await self._keep(structs.replace(self._now.kept, active=name), name)
        return self.view(name)

    async def _change(
        self,
        name: str,
        settings: Mapping[str, Any],
        reset: Sequence[str],
        wake_words: Sequence[str] | None,
    ) -> None:
        problems: list[str] = []
        given = self._configured.read(settings, problems)
        resets = set(reset_names(reset, problems))
        words = self._now.kept.wake_words
        if WAKE_WORDS in reset:
            words = self._configured.words_taken_back(name, words)
        if wake_words is not None:
            now = self._now.words
            words = {**words, **self._configured.assigned(name, wake_words, now, problems)}
        if problems:
            raise BadRequestError(" ".join(problems))
        old = self._now.kept.changes.get(name, {})
        new = {key: value for key, value in old.items() if key not in resets | given.keys()}
        base = self._configured.base(name)
        for key, value in given.items():
            if value != setting(base, key):
                new[key] = msgspec.to_builtins(value, enc_hook=str)
        if len(msgspec.json.encode(new)) > _MOST_BYTES:
            raise BadRequestError(f"A profile can have at most {_MOST_BYTES} bytes of settings.")
        changes = dict(self._now.kept.changes)
        changes[name] = new
        if not new and name in self._configured:
            del changes[name]
        await self._keep(structs.replace(self._now.kept, changes=changes, wake_words=words), name)

    async def _keep(self, kept: KeptProfiles, name: str) -> None:
        # What is on the disk holds, also when the screen that asked for it has gone.
        await uninterrupted(self._save(kept, name))

    async def _save(self, kept: KeptProfiles, name: str) -> None:
        await self._table.save(kept, name)
        self._became(self._configured.snapshot(kept))

    def _became(self, now: Snapshot) -> None:
        before, self._now = self._now, now
        if self._now.words != before.words and self._tell_words is not None:
            self._tell_words(self._now.words)
        self._bus.publish(ProfilesChanged(names=self.names(), active=self.active))

    def _check_there(self, name: str) -> None:
        if name not in self._now.profiles:
            hint = suggestion(name[:_LONGEST_NAME], self.names())
            raise NotFoundError(f"There is no profile “{name[:_LONGEST_NAME]}”.{hint}")


def _readable(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > _LONGEST_NAME or not cleaned.isprintable():
        raise BadRequestError(
            f"A profile's name is readable text of 1 to {_LONGEST_NAME} characters."
        )
    return cleaned
