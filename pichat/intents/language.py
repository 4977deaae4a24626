"""One language of home-assistant-intents, cut down to what PiChat carries out."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pichat.errors import ConfigError

if TYPE_CHECKING:
    from hassil.intents import Intents as Sentences

HANDLED = frozenset(
    {
        "HassTurnOn",
        "HassTurnOff",
        "HassLightSet",
        "HassGetState",
        "HassSetPosition",
        "HassClimateSetTemperature",
        "HassClimateGetTemperature",
        "HassFanSetSpeed",
        "HassGetCurrentTime",
        "HassGetCurrentDate",
        "HassNevermind",
    }
)
"""The package's intents that have a meaning here; the rest is dropped before it is parsed."""

DOMAINS = frozenset(
    {"light", "switch", "cover", "lock", "climate", "fan", "sensor", "binary_sensor"}
)
"""Home Assistant's names for the kinds of devices that PiChat knows."""

SPELLINGS = {"en": (("colour", "color"),)}
"""Spellings that the package lacks, and those that it has."""

BARE_NAME = "[<the>] {name}"
"""The package switches a device on that is merely named; speech about it must not."""


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """`responses`: intent → response key → jinja2 template; `errors`: error key → template."""

    code: str
    sentences: Any  # hassil.intents.Intents
    responses: dict[str, dict[str, str]]
    errors: dict[str, str]


def supported_languages() -> tuple[str, ...]:
    """The language codes that `load` takes, sorted."""
    from home_assistant_intents import get_languages

    return tuple(sorted(get_languages()))


def load(code: str) -> Language:
    """Read and parse one language. Raises ConfigError with a suggestion for an unknown code."""
    from hassil.intents import Intents as Sentences
    from hassil.util import merge_dict
    from home_assistant_intents import get_intents

    data = get_intents(code) if code in supported_languages() else None
    if data is None:
        raise ConfigError(unknown_language(code))
    _cut_down(data)
    responses = data.pop("responses", {})
    extra = Path(__file__).parent / "extra" / f"{code}.yaml"
    if extra.exists():
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        merge_dict(data, yaml.load(extra.read_bytes(), loader))  # noqa: S506 (a safe loader)
    return Language(
        code=code,
        sentences=_without_floors(Sentences.from_dict(data)),
        responses={k: v for k, v in responses.get("intents", {}).items() if k in HANDLED},
        errors=responses.get("errors", {}),
    )


def unknown_language(code: str) -> str:
    """The sentence for a code that the package lacks, with the nearest ones."""
    known = supported_languages()
    folded = {one.casefold(): one for one in known}
    wanted = code.casefold().replace("_", "-")
    near = [folded[wanted]] if wanted in folded else []
    near += [folded[k] for k in folded if k == wanted.split("-", maxsplit=1)[0] and not near]
    near = near or [folded[k] for k in difflib.get_close_matches(wanted, folded, n=2, cutoff=0.6)]
    hint = f" Did you mean {' or '.join(f'“{one}”' for one in near)}?" if near else ""
    return f"There is no language “{code}”.{hint} Known are: {', '.join(known)}."


def _cut_down(data: dict[str, Any]) -> None:
    kept = {}
    for name, intent in data["intents"].items():
        if name not in HANDLED:
            continue
        blocks = [block for block in intent["data"] if _is_ours(block)]
        for block in blocks:
            block["sentences"] = [s for s in block["sentences"] if s != BARE_NAME]
        kept[name] = {"data": [block for block in blocks if block["sentences"]]}
    data["intents"] = kept


def _is_ours(block: dict[str, Any]) -> bool:
    """Whether a block of sentences may mean a device that PiChat can know."""
    wanted: set[str] = set()
    for source in (block.get("slots", {}), block.get("requires_context", {})):
        domain = source.get("domain")
        if isinstance(domain, dict):
            domain = domain.get("value")
        wanted.update([domain] if isinstance(domain, str) else domain or ())
    return not wanted or bool(wanted & DOMAINS)


def _without_floors(sentences: Sentences) -> Sentences:
    """PiChat knows rooms, not floors: a template that needs one can never match."""
    from hassil.intents import Intent

    intents: dict[str, Intent] = {}
    for name, intent in sentences.intents.items():
        for data in intent.data:
            combination = (data.metadata or {}).get("slot_combination", "")
            if "floor" not in combination:
                intents.setdefault(name, Intent(name=name)).data.append(data)
    sentences.intents = intents
    return sentences
