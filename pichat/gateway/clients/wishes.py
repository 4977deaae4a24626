"""What a client set, over its active preset, over the profile that answers it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, structs

from pichat.config.describe import suggestion
from pichat.config.types import Profile, Style
from pichat.store.clients import LlmWishes, SttWishes, TtsWishes, Wishes

AUTO = "auto"
"""The model of whoever lets the profile's chain decide."""
NO_MODEL = "intents"
LOCAL = "local"

Section = Literal["llm", "tts", "stt", "ui"]
SECTIONS: tuple[Section, ...] = ("llm", "tts", "stt", "ui")
W = TypeVar("W", LlmWishes, TtsWishes, SttWishes)
S = TypeVar("S", bound=msgspec.Struct)


class LlmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers a client, and how, as it holds now. `model`: `auto` for whoever the profile asks.
    A null leaves it to the model."""

    model: str
    system_prompt: str
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    profile: str


class TtsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How answers to a client sound, as it holds now."""

    gender: Literal["female", "male"] | None
    accent: str | None
    rate: float
    volume: float
    language: str


class SttSettings(msgspec.Struct, frozen=True, kw_only=True):
    """In which language a client is spoken to, as it holds now."""

    language: str


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    llm: LlmSettings
    tts: TtsSettings
    stt: SttSettings


class Base(msgspec.Struct, frozen=True, kw_only=True):
    """What holds where a client set nothing: a profile and its name, its voice, the language."""

    profile: Profile
    name: str
    style: Style
    language: str


def chosen(wish: Any, otherwise: Any) -> Any:
    """The wish, unless there is none."""
    return otherwise if wish is UNSET or wish is None else wish


def settings(wishes: Wishes, base: Base) -> Settings:
    """The wishes, and what the profile has where there is none."""
    parameters = base.profile.parameters
    llm = LlmSettings(
        model=AUTO,
        system_prompt=base.profile.system,
        temperature=parameters.temperature,
        top_p=parameters.top_p,
        max_tokens=parameters.max_tokens,
        profile=base.name,
    )
    style = styled(wishes.tts, base.style)
    tts = TtsSettings(
        gender=style.gender,
        accent=style.accent,
        rate=style.rate,
        volume=style.volume,
        language=chosen(wishes.tts.language, base.language),
    )
    return Settings(
        llm=_with(llm, wishes.llm),
        tts=tts,
        stt=SttSettings(language=chosen(wishes.stt.language, base.language)),
    )


def styled(tts: TtsWishes, style: Style) -> Style:
    """The profile's style as the client wants it. A Piper voice has its own gender and accent, so
    that whoever wants another one is not spoken to by it."""
    wanted = given(tts)
    wanted.pop("language", None)
    if any(
        name in wanted and wanted[name] != getattr(style, name) for name in ("gender", "accent")
    ):
        wanted["piper_voice"] = None
    return structs.replace(style, **wanted)


def given(wishes: msgspec.Struct) -> dict[str, Any]:
    """The fields that say something, by name."""
    values = structs.asdict(wishes)
    return {name: value for name, value in values.items() if value not in (UNSET, None)}


def over(first: Wishes, second: Wishes) -> Wishes:
    """The wishes of `first`, and those of `second` where there is none."""
    return Wishes(
        llm=_with(second.llm, first.llm),
        tts=_with(second.tts, first.tts),
        stt=_with(second.stt, first.stt),
    )


def changed(before: W, change: W, base: Mapping[str, Any]) -> W:
    """`before` with a change: null takes a wish back, and so does what holds anyway (`base`)."""
    values = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    values = {
        name: UNSET if value is None or base.get(name) == value else value
        for name, value in values.items()
    }
    return structs.replace(before, **values)


def merged(before: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: what the patch names is replaced, objects field by field; null removes it."""
    result = dict(before)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            result[name] = merged(old if isinstance(old, dict) else {}, value)
        else:
            result[name] = value
    return result


def set_names(wishes: Wishes) -> Iterator[str]:
    """What was set, by dotted names."""
    for section in ("llm", "tts", "stt"):
        for name in given(getattr(wishes, section)):
            yield f"{section}.{name}"


def unknown_model(model: str, providers: Collection[str]) -> str | None:
    """A sentence for a model that none of the providers can be asked by."""
    name, colon, rest = model.partition(":")
    if model in (AUTO, NO_MODEL):
        return None
    if name in providers and bool(colon) == bool(rest) and not (name == LOCAL and colon):
        return None
    known = (AUTO, NO_MODEL, *providers)
    hint = suggestion(name[:64], known)
    return f"llm.model: there is no “{model[:64]}” here, only {', '.join(known)}.{hint}"


def _with(values: S, wishes: msgspec.Struct) -> S:
    """`values` with what the wishes say in the place of its own."""
    return structs.replace(values, **given(wishes))
