"""What became of one device in a call."""

from __future__ import annotations

from collections.abc import Awaitable

from pichat.errors import PiChatError
from pichat.events import Device, DeviceOutcome, State


async def outcome_of(device: Device, capability: str, doing: Awaitable[State]) -> DeviceOutcome:
    """Wait for `doing`; an expected failure becomes an outcome with its code and sentence."""
    state, code, sentence = None, None, None
    try:
        state = await doing
    except PiChatError as error:
        code, sentence = error.code, error.sentence
    return DeviceOutcome(
        device_id=device.id,
        device_name=device.name,
        capability=capability,
        state=state,
        error_code=code,
        error=sentence,
    )
