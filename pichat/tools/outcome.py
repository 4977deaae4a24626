"""What became of one device in a call."""

from __future__ import annotations

from collections.abc import Awaitable

from pichat.errors import PiChatError, attempt
from pichat.events import Device, DeviceOutcome, State


def outcome(
    device: Device,
    capability: str,
    result: State | PiChatError,
    *,
    going_to: State | None = None,
) -> DeviceOutcome:
    """An expected failure is an outcome with its code and sentence. `going_to`: the result is only
    where the device is now, on its way there."""
    failed = result if isinstance(result, PiChatError) else None
    return DeviceOutcome(
        device_id=device.id,
        device_name=device.name,
        capability=capability,
        state=None if isinstance(result, PiChatError) else result,
        error_code=failed.code if failed else None,
        error=failed.sentence if failed else None,
        going_to=None if failed or going_to == result else going_to,
    )


async def outcome_of(device: Device, capability: str, doing: Awaitable[State]) -> DeviceOutcome:
    """Wait for `doing`, which may fail."""
    return outcome(device, capability, await attempt(doing))
