"""What config.yaml says of profiles, and what they are with the owner's changes over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from pichat.config.describe import suggestion
from pichat.config.overlay import FIELDS, GROUPS, overlay, read, unknown_setting, unknown_steps
from pichat.config.types import Config, Profile
from pichat.store.profiles import KeptProfiles

log = structlog.get_logger(__name__)

DEFAULT = "default"
WAKE_WORDS = "wake_words"
Words = Mapping[str, str | None]
"""Whom each wake word calls; None: whoever is active."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one moment: a turn that has taken its profile is not changed under way."""

    kept: KeptProfiles
    profiles: Mapping[str, Profile]
    active: str
    words: Words


class Configured:
    """The profiles, providers and wake words of config.yaml."""

    def __init__(self, config: Config) -> None:
        self._profiles = {DEFAULT: Profile(), **config.profiles}
        self._providers = tuple(config.llm.providers)
        # A word of the default profile calls nobody by name: whoever is active answers.
        self._words = {
            each.word: None if each.profile == DEFAULT else each.profile
            for each in config.voice.words
        }

    def __contains__(self, name: str) -> bool:
        return name in self._profiles

    def base(self, name: str) -> Profile:
        """What the changes of a profile lie over."""
        return self._profiles.get(name) or Profile()

    def snapshot(self, kept: KeptProfiles) -> Snapshot:
        """A change that does not fit any more is left out, and the log says so."""
        profiles = {}
        for name in dict.fromkeys((*self._profiles, *kept.changes)):
            problems: list[str] = []
            changes = self.read(kept.changes.get(name, {}), problems)
            profiles[name] = overlay(self.base(name), changes)
            if problems:
                log.warning("profile not as it was changed", profile=name, reason=problems)
        words = {
            word: whom if (whom := kept.wake_words.get(word, own)) in profiles else None
            for word, own in self._words.items()
        }
        active = kept.active if kept.active in profiles else DEFAULT
        return Snapshot(kept=kept, profiles=profiles, active=active, words=words)

    def read(self, settings: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
        """Values by dotted names; what does not fit is a sentence among the `problems`."""
        found = read(settings, problems)
        chain_problems = list(unknown_steps(found.get("chain", ()), self._providers))
        if chain_problems:
            del found["chain"]
        problems += chain_problems
        return found

    def assigned(
        self, name: str, wanted: Sequence[str], now: Words, problems: list[str]
    ) -> dict[str, str | None]:
        """Whom words call, when exactly the `wanted` ones call `name`."""
        by_name = {_plain(word): word for word in self._words}
        words: dict[str, str | None] = {}
        for word in wanted:
            if _plain(word) in by_name:
                words[by_name[_plain(word)]] = name
            else:
                problems.append(
                    f"There is no wake word {word[:64]!r} among voice.wake_words in config.yaml."
                    f"{suggestion(_plain(word[:64]), self._words)}"
                )
        released = (word for word, whom in now.items() if whom == name)
        return {**dict.fromkeys(released), **words}

    def words_taken_back(self, name: str, words: Words) -> dict[str, str | None]:
        """The changes of words, without those by which `name` got or lost one."""
        return {
            word: whom for word, whom in words.items() if name not in (whom, self._words.get(word))
        }


def reset_names(reset: Sequence[str], problems: list[str]) -> Iterator[str]:
    """Every setting that is meant; one that holds others stands for all of those."""
    for name in reset:
        if name in FIELDS:
            yield name
        elif name in GROUPS:
            yield from (each for each in FIELDS if each.startswith(f"{name}."))
        elif name != WAKE_WORDS:
            problems.append(unknown_setting(name))


def _plain(word: str) -> str:
    """A wake word however it is written."""
    return "_".join(word.lower().replace("_", " ").split())
