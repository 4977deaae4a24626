"""A language cut down to what can be said to this house: sentences about fans cost nothing where
there are none."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import msgspec

from pichat.events import Device
from pichat.intents.language import Language
from pichat.intents.match import NEEDS
from pichat.intents.names import domains

_RARE_DOMAINS = frozenset({"fan", "siren"})
"""The package has many sentences about them, and most houses have none of them."""


def fitting(language: Language, devices: Sequence[Device]) -> Language:
    """`language` without the sentences that no device could follow. Nothing is parsed for it, and
    what is parsed later is shared with the whole."""
    capabilities = {one.name for device in devices for one in device.capabilities}
    missing = _RARE_DOMAINS - {domain for device in devices for domain in domains(device)}

    def fits(block: Any) -> bool:
        about = block.slots.get("capability")
        needed = block.requires_context.get("domain")
        only = {needed} if isinstance(needed, str) else set(needed or ())
        return (
            (about is None or about in capabilities)
            and block.slots.get("domain") not in missing
            and not (only and only <= missing)
        )

    kept: dict[str, Any] = {}
    for name, intent in language.sentences.intents.items():
        if name in NEEDS and not NEEDS[name] & capabilities:
            continue
        smaller = copy.copy(intent)
        smaller.data = [block for block in intent.data if fits(block)]
        if smaller.data:
            kept[name] = smaller
    sentences = copy.copy(language.sentences)
    sentences.intents = kept
    return msgspec.structs.replace(language, sentences=sentences)
