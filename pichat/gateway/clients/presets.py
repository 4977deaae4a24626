"""The presets of one client: found, added and taken away. Nothing is changed in place."""

from __future__ import annotations

import time

from msgspec import structs

from pichat.config.describe import suggestion
from pichat.errors import BadRequestError, NotFoundError
from pichat.gateway.clients.wishes import over
from pichat.store.clients import KeptClient, KeptPreset, Wishes

MOST_PRESETS = 50
_LONGEST_NAME = 64


def active_preset(kept: KeptClient) -> KeptPreset | None:
    """The one that holds where the client has set nothing."""
    return next((each for each in kept.presets if each.name == kept.active_preset), None)


def own_and_active(kept: KeptClient) -> Wishes:
    """What the client set, over its active preset."""
    active = active_preset(kept)
    return kept.wishes if active is None else over(kept.wishes, active.wishes)


def find_preset(kept: KeptClient, name: str) -> int:
    """Its index. Raises NotFoundError, with what was probably meant."""
    wanted = " ".join(name.split()).casefold()
    for index, each in enumerate(kept.presets):
        if each.name.casefold() == wanted:
            return index
    hint = suggestion(name[:_LONGEST_NAME], [each.name for each in kept.presets])
    raise NotFoundError(f"There is no preset “{name[:_LONGEST_NAME]}”.{hint}")


def with_preset(kept: KeptClient, name: str, *, again: bool) -> KeptClient:
    """With what it has set as a preset. `again`: one of that name is written over, and has to be
    there. Raises BadRequestError and NotFoundError."""
    wishes = own_and_active(kept)
    presets = list(kept.presets)
    if again:
        index = find_preset(kept, name)
        presets[index] = structs.replace(presets[index], wishes=wishes)
        return structs.replace(kept, presets=tuple(presets))
    name = _readable(name)
    if any(each.name.casefold() == name.casefold() for each in presets):
        raise BadRequestError(
            f"There is already a preset “{name}”. Save it again (PUT), or choose another name."
        )
    if len(presets) >= MOST_PRESETS:
        raise BadRequestError(
            f"There are {MOST_PRESETS} presets, which is the most. Delete one that nobody needs."
        )
    presets.append(KeptPreset(name=name, wishes=wishes, created_s=time.time()))
    return structs.replace(kept, presets=tuple(presets))


def without_preset(kept: KeptClient, index: int) -> KeptClient:
    """Without one; if it was active, none is."""
    left = kept.presets[:index] + kept.presets[index + 1 :]
    gone = kept.presets[index].name
    active = None if kept.active_preset == gone else kept.active_preset
    return structs.replace(kept, presets=left, active_preset=active)


def _readable(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > _LONGEST_NAME or not cleaned.isprintable():
        raise BadRequestError(
            f"A preset's name is readable text of 1 to {_LONGEST_NAME} characters."
        )
    return cleaned
