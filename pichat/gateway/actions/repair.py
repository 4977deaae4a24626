"""A Zigbee stick that is refused, and what its owner wants done with it."""

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.stick.refusal import MEANINGS, Choice


class RepairNetwork(msgspec.Struct, frozen=True, kw_only=True):
    """Without a choice: what there is to choose. Without `sure`: what the choice means; nothing
    is done. `allow_new_address`: a stick that cannot take over the old one's address keeps its own,
    and some devices may have to join again."""

    choice: Choice | None = None
    allow_new_address: bool = False
    sure: bool = False


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    choice: Choice
    meaning: str


class NetworkRepair(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` is why the stick is refused, null when it is not."""

    done: bool
    reason: str | None
    choices: tuple[Meaning, ...]


@action("repair_network", needs="admin", example={"choice": "restore"})
async def repair_network(context: Context, payload: RepairNetwork) -> NetworkRepair:
    """Do something about a stick that holds another network than the known one, or is another one:
    restore the known network onto it, adopt its own, or start afresh. Asked twice: first for what
    it means, then with `sure`."""
    repairs = context.services.repairs
    refusal = repairs.refusal
    chosen: tuple[Choice, ...] = refusal.choices if refusal else ()
    if payload.choice is not None:
        chosen = (payload.choice,)
        if payload.sure:
            await repairs.repair(payload.choice, allow_new_address=payload.allow_new_address)
    return NetworkRepair(
        done=payload.sure and payload.choice is not None,
        reason=refusal.reason if refusal else None,
        choices=tuple(Meaning(choice=each, meaning=MEANINGS[each]) for each in chosen),
    )
