"""The settings of a profile one by one, by dotted names such as `style.rate`: for those who change
some of them while PiChat runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, structs

from pichat.config.describe import choices, describe_type, in_words, members, suggestion
from pichat.config.types import Profile, Step


def _fields(kind: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, member in get_type_hints(kind, include_extras=True).items():
        if isinstance(member, type) and issubclass(member, msgspec.Struct):
            yield from _fields(member, f"{prefix}{name}.")
        elif name in kind.__struct_fields__:
            yield f"{prefix}{name}", member


FIELDS: dict[str, Any] = dict(_fields(Profile))
"""Every setting of a profile with its type. Settings that hold others stand for all of those."""

GROUPS = frozenset(name.partition(".")[0] for name in FIELDS if "." in name)


def settings_of(profile: Profile) -> dict[str, Any]:
    """The profile as JSON values."""
    settings: dict[str, Any] = msgspec.to_builtins(profile, enc_hook=str)
    return settings


def setting(profile: Profile, name: str) -> Any:
    """The value of a dotted name."""
    value: Any = profile
    for part in name.split("."):
        value = getattr(value, part)
    return value


def overlay(profile: Profile, changes: Mapping[str, Any]) -> Profile:
    """The profile with values that `read` accepted in the places of its own."""
    plain = {name: value for name, value in changes.items() if "." not in name}
    for group in GROUPS:
        within = {
            name.partition(".")[2]: value
            for name, value in changes.items()
            if name.startswith(f"{group}.")
        }
        if within:
            plain[group] = structs.replace(getattr(profile, group), **within)
    return structs.replace(profile, **plain)


def read(settings: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Values by dotted names, of JSON settings that are nested or dotted. What does not fit is left
    out, and is a sentence among the `problems`."""
    found = {}
    for name, value in _dotted(settings):
        if name not in FIELDS:
            problems.append(unknown_setting(name))
            continue
        value = _fit(value, FIELDS[name], name, problems)
        if value is not UNSET:
            found[name] = value
    return found


def unknown_setting(name: str) -> str:
    """What to tell whoever names a setting that a profile does not have."""
    return f"A profile has no setting {name[:64]!r}.{suggestion(name[:64], (*FIELDS, *GROUPS))}"


def unknown_steps(chain: Iterable[str | Step], providers: Iterable[str]) -> Iterator[str]:
    """A sentence for each step that nobody can take."""
    providers = set(providers)
    for at, step in enumerate(chain):
        use = step.use if isinstance(step, Step) else step
        name, colon, model = use.partition(":")
        if use in ("intents", "local") or (name in providers and bool(model) == bool(colon)):
            continue
        known = ("intents", "local", *sorted(providers))
        yield (
            f"chain[{at}]: there is no {use[:64]!r} to ask, only {', '.join(known)}."
            f"{suggestion(name[:64], known)}"
        )


def _dotted(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if name in GROUPS and isinstance(value, dict):
            yield from ((f"{name}.{inner}", within) for inner, within in value.items())
        else:
            yield name, value


def _fit(value: Any, kind: Any, where: str, problems: list[str]) -> Any:
    """The value as the type wants it; UNSET, with a problem, when it does not fit."""
    before = len(problems)
    for member in members(kind):
        if isinstance(value, list) and get_origin(member) is tuple:
            item = get_args(member)[0]
            fitted = [_fit(each, item, f"{where}[{at}]", problems) for at, each in enumerate(value)]
            return tuple(fitted) if len(problems) == before else UNSET
        if (
            isinstance(value, dict)
            and isinstance(member, type)
            and issubclass(member, msgspec.Struct)
        ):
            return _fit_struct(value, member, where, problems)
    try:
        return msgspec.convert(value, kind, dec_hook=_special)
    except msgspec.ValidationError:
        short = value[:64] if isinstance(value, str) else value
        hint = suggestion(short, choices(kind)) if isinstance(short, str) else ""
        problems.append(f"{where} should be {describe_type(kind)}, not {in_words(short)}.{hint}")
        return UNSET


def _fit_struct(
    value: Mapping[str, Any], kind: type[msgspec.Struct], where: str, problems: list[str]
) -> Any:
    before = len(problems)
    hints = get_type_hints(kind, include_extras=True)
    problems += [
        f"{where} has no setting {name[:64]!r}.{suggestion(name[:64], hints)}"
        for name in value
        if name not in hints
    ]
    required = [each.name for each in structs.fields(kind) if each.required]
    problems += [f"{where} lacks {name!r}." for name in required if name not in value]
    fitted = {
        name: _fit(each, hints[name], f"{where}.{name}", problems)
        for name, each in value.items()
        if name in hints
    }
    return kind(**fitted) if len(problems) == before else UNSET


def _special(kind: type, value: object) -> object:
    """A path is kept as it was written: the name of a voice is one, too."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)
