"""What can be changed of a person, and whether it fits the house."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType, structs

from pichat.config.describe import suggestion
from pichat.config.types import Style
from pichat.errors import BadRequestError
from pichat.store.users import Kind, OwnTerms, PersonalSettings, User, VoiceSettings

AUTO = "auto"
MOST_UI_BYTES = 64 * 1024
LONGEST_NAME = 64

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Patterns = Annotated[tuple[Name, ...], msgspec.Meta(max_length=200)]


class VoiceChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`accent` is a word such as british or polish. null: as the profile has it."""

    gender: Literal["female", "male"] | UnsetType | None = UNSET
    accent: Word | UnsetType | None = UNSET


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is. `selected_model`: `auto` for the profile's own chain, a
    provider's name, `provider:model`, or the name of a model that one of them asks. `profile` and
    `language`: null for whoever is active, and for the profile's. `ui`: any JSON that screens keep
    for themselves, of which a key with null is taken away."""

    selected_model: Name | UnsetType = UNSET
    voice_settings: VoiceChange | UnsetType = UNSET
    language: Word | UnsetType | None = UNSET
    profile: Name | UnsetType | None = UNSET
    theme: Literal["auto", "light", "dark"] | UnsetType = UNSET
    ui: dict[str, Any] | UnsetType = UNSET


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays as it is, but another `kind` of person is on that kind's terms.
    `tools`: patterns (`get_*`) of those that may be used for this person, null for all."""

    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    profile: Name | UnsetType | None = UNSET
    tools: Patterns | UnsetType | None = UNSET
    may_use_cloud: bool | UnsetType = UNSET


@dataclass(slots=True)
class House:
    """What a person's settings may name: `profiles`; `models`, what each provider asks unless it is
    told otherwise; and `languages`."""

    profiles: Callable[[], Collection[str]]
    languages: Callable[[], Collection[str]]
    models: Callable[[], Mapping[str, str]] = dict


def changed(user: User, change: UserChange, house: House) -> User:
    """Raises BadRequestError that names the field."""
    terms, kind = user.terms, user.kind
    if change.kind is not UNSET and change.kind != kind:
        terms, kind = OwnTerms(), change.kind
    if change.tools is not UNSET:
        terms = structs.replace(terms, tools=change.tools)
    if change.may_use_cloud is not UNSET:
        terms = structs.replace(terms, may_use_cloud=change.may_use_cloud)
    return structs.replace(
        user,
        name=user.name if change.name is UNSET else readable(change.name),
        kind=kind,
        terms=terms,
        profile=_profile(user, change.profile, house),
    )


def settled(user: User, change: SettingsChange, house: House) -> User:
    """The person with other settings. Raises BadRequestError that names every field that does not
    fit."""
    problems = [*_problems(change, house)]
    if problems:
        raise BadRequestError(" ".join(problems))
    now = user.settings
    settings = PersonalSettings(
        selected_model=_model(now.selected_model, change.selected_model, house),
        voice_settings=_voice(now.voice_settings, change.voice_settings),
        language=now.language if change.language is UNSET else change.language,
        theme=now.theme if change.theme is UNSET else change.theme,
        ui=_ui(now.ui, change.ui),
    )
    return structs.replace(user, settings=settings, profile=_profile(user, change.profile, house))


def readable(name: str) -> str:
    """Names are spoken and shown. Raises BadRequestError."""
    cleaned = " ".join(name.split())
    if not cleaned or not cleaned.isprintable():
        raise BadRequestError("The field “name” has to be readable text.")
    return cleaned


def style_of(settings: VoiceSettings, own: Style) -> Style:
    """`own` with what the person prefers. A voice that is a file has its own gender and accent, and
    is left for one that has those which were asked for."""
    if settings == VoiceSettings():
        return own
    return structs.replace(
        own,
        gender=settings.gender or own.gender,
        accent=settings.accent or own.accent,
        piper_voice=None,
    )


def _problems(change: SettingsChange, house: House) -> Iterator[str]:
    if change.selected_model is not UNSET and _step(change.selected_model, house) is None:
        known = (AUTO, *house.models())
        yield (
            f"The field “selected_model”: there is no “{change.selected_model}” to ask, only"
            f" {', '.join(known)}.{suggestion(change.selected_model, known)}"
        )
    language = change.language
    if isinstance(language, str) and language not in house.languages():
        hint = suggestion(language, house.languages())
        yield f"The field “language”: there is no language “{language}”.{hint}"
    if isinstance(change.profile, str) and change.profile not in house.profiles():
        yield _no_profile(change.profile, house)


def _profile(user: User, wanted: str | UnsetType | None, house: House) -> str | None:
    if wanted is UNSET:
        return user.profile
    if wanted is not None and wanted not in house.profiles():
        raise BadRequestError(_no_profile(wanted, house))
    return wanted


def _no_profile(wanted: str, house: House) -> str:
    hint = suggestion(wanted, house.profiles())
    return f"The field “profile”: there is no profile “{wanted}”.{hint}"


def _step(wanted: str, house: House) -> str | None:
    """The step of a chain that is meant; None for nothing that could be asked."""
    models = house.models()
    provider, colon, model = wanted.partition(":")
    if wanted == AUTO or (provider in models and bool(colon) == bool(model)):
        return wanted
    return next((name for name, own in models.items() if own == wanted), None)


def _model(now: str, wanted: str | UnsetType, house: House) -> str:
    return now if wanted is UNSET else _step(wanted, house) or AUTO


def _voice(now: VoiceSettings, change: VoiceChange | UnsetType) -> VoiceSettings:
    if change is UNSET:
        return now
    return VoiceSettings(
        gender=now.gender if change.gender is UNSET else change.gender,
        accent=now.accent if change.accent is UNSET else change.accent,
    )


def _ui(now: dict[str, Any], change: dict[str, Any] | UnsetType) -> dict[str, Any]:
    if change is UNSET:
        return now
    ui = {key: value for key, value in {**now, **change}.items() if value is not None}
    if len(msgspec.json.encode(ui)) > MOST_UI_BYTES:
        raise BadRequestError(f"The field “ui” can have at most {MOST_UI_BYTES} bytes.")
    return ui
