"""Which code slots of a lock are in use. The codes themselves are never kept, told or logged."""

from __future__ import annotations

from typing import Any

import msgspec

from pichat.errors import DeviceSilentError, UnsupportedError
from pichat.zigbee.air import Port, SilentError
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster

_ATTEMPTS = 3
_DOOR_LOCK = 0x0101
_COUNTS = ("num_of_pin_users_supported", "num_of_total_users_supported")
_FREE = 0
_STATUS = {1: "enabled", 3: "disabled"}
_TYPES = {1: "year-day schedule", 2: "week-day schedule", 3: "master", 4: "no access"}


class LockCode(msgspec.Struct, frozen=True, kw_only=True):
    """A slot in use. `status`: enabled or disabled; `kind`: for whom it is (unrestricted, master,
    one of the schedules, no access)."""

    slot: int
    status: str
    kind: str


class CodesOfLock(msgspec.Struct, frozen=True, kw_only=True):
    """`slots`: how many codes the lock can hold."""

    slots: int
    codes: tuple[LockCode, ...]


class LockCodes:
    """Asks locks; nothing of it is remembered."""

    def __init__(self, roster: Roster, link: Link) -> None:
        self._roster = roster
        self._link = link

    async def read(self, device_id: str) -> CodesOfLock:
        """One question for each slot, which takes a lock with many of them some seconds. Raises
        NotFoundError, UnsupportedError, DeviceSilentError and UnavailableError."""
        view = self._roster.view(device_id)
        feature = view.features.get("lock")
        if feature is None or feature.port.cluster.cluster_id != _DOOR_LOCK:
            raise UnsupportedError(f"The {view.name} is no lock with codes.")
        async with self._link.under_way():
            asking = _Asking(feature.port.urgent(), view.name)
            slots = await asking.slots()
            found = [await asking.code(slot) for slot in range(slots)]
        return CodesOfLock(slots=slots, codes=tuple(code for code in found if code))


class _Asking:
    def __init__(self, port: Port, name: str) -> None:
        self._port = port
        self._name = name
        self._tells_status = True

    async def slots(self) -> int:
        for attribute in _COUNTS:
            if self._port.get(attribute) is None and self._port.supported(attribute):
                await self._read(attribute)
            if count := self._port.get(attribute):
                return int(count)
        raise UnsupportedError(f"The {self._name} does not tell its codes.")

    async def code(self, slot: int) -> LockCode | None:
        """None for a free slot."""
        if self._tells_status:
            answer = await self._ask("get_user_status", slot)
            status = getattr(answer, "user_status", None)
            if status is not None:
                return await self._with_kind(slot, int(status))
            self._tells_status = False
        # Some locks only tell it together with the code, which is dropped here.
        answer = await self._ask("get_pin_code", slot)
        status = getattr(answer, "user_status", None)
        if status is None:
            raise UnsupportedError(f"The {self._name} does not tell its codes.")
        return _code(slot, int(status), int(answer.user_type))

    async def _with_kind(self, slot: int, status: int) -> LockCode | None:
        if status == _FREE:
            return None
        answer = await self._ask("get_user_type", slot)
        return _code(slot, status, int(getattr(answer, "user_type", 0)))

    async def _ask(self, command: str, slot: int) -> Any:
        for _ in range(_ATTEMPTS):
            try:
                return await self._port.request(command, user_id=slot)
            except SilentError:
                continue
        raise DeviceSilentError(f"The {self._name} does not answer.")

    async def _read(self, attribute: str) -> None:
        for _ in range(_ATTEMPTS):
            try:
                return await self._port.read([attribute])
            except SilentError:
                continue
        raise DeviceSilentError(f"The {self._name} does not answer.")


def _code(slot: int, status: int, kind: int) -> LockCode | None:
    if status not in _STATUS:
        return None
    return LockCode(slot=slot, status=_STATUS[status], kind=_TYPES.get(kind, "unrestricted"))
