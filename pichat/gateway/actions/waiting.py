"""Commands that wait until a sleeping device wakes."""

from typing import Annotated

import msgspec

from pichat.events import Device
from pichat.gateway.context import Context
from pichat.gateway.registry import action

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class CancelWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """`capability`: only what waits for that one."""

    device_id: Text
    capability: Text | None = None


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    device: Device


@action("cancel_waiting", needs="screen", example={"device_id": "00:12:4b:00:00:00:00:01"})
async def cancel_waiting(context: Context, payload: CancelWaiting) -> Cancelled:
    """Do not tell a sleeping device any more what it was to be told when it wakes. What waits is
    in the device's `waiting`. Not found when there is nothing."""
    device = await context.services.house.cancel_waiting(payload.device_id, payload.capability)
    return Cancelled(device=device)
