"""Codes of locks, told at once."""

from __future__ import annotations

from pichat.errors import UnsupportedError
from pichat.zigbee.lock_codes import CodesOfLock, LockCode
from tests.support.fake_house import FakeHouse


class FakeLockCodes:
    """Every lock holds one code."""

    def __init__(self, house: FakeHouse) -> None:
        self._house = house

    async def read(self, device_id: str) -> CodesOfLock:
        [device] = [one for one in self._house.devices() if one.id == device_id]
        if device.kind != "lock":
            raise UnsupportedError(f"The {device.name} is no lock with codes.")
        return CodesOfLock(
            slots=10, codes=(LockCode(slot=3, status="enabled", kind="unrestricted"),)
        )
