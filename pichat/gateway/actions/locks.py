"""Locks: which codes they hold."""

from typing import Annotated

import msgspec

from pichat.errors import NotFoundError
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.lock_codes import LockCode


class GetLockCodes(msgspec.Struct, frozen=True, kw_only=True):
    """A lock by its id or its name."""

    device_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Codes(msgspec.Struct, frozen=True, kw_only=True):
    """`slots`: how many codes the lock can hold; `codes`: those in use, without their digits."""

    device_id: str
    name: str
    slots: int
    codes: tuple[LockCode, ...]


@action("get_lock_codes", needs="screen", example={"device_id": "Front door lock"})
async def get_lock_codes(context: Context, payload: GetLockCodes) -> Codes:
    """Ask a lock which of its code slots are in use, for whom, and whether they are enabled. The
    codes themselves never leave the lock's hub."""
    wanted = payload.device_id.casefold()
    for device in context.services.house.devices():
        if wanted in (device.id, device.name.casefold()):
            found = await context.services.lock_codes.read(device.id)
            return Codes(
                device_id=device.id, name=device.name, slots=found.slots, codes=found.codes
            )
    raise NotFoundError(f"There is no device “{payload.device_id}”.")
