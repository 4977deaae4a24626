"""Letting a device go: it leaves the network itself, or is only forgotten here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from pichat.errors import BadRequestError, DeviceSilentError, UnavailableError, UnsupportedError
from pichat.zigbee.care.asking import Directory, Known, ask, type_of
from pichat.zigbee.care.types import Removed
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session

if TYPE_CHECKING:
    from zigpy.application import ControllerApplication
    from zigpy.device import ZigbeeDevice

log = structlog.get_logger(__name__)

_FORCED_ANSWER_S = 2.0


def erase(app: ControllerApplication, device: ZigbeeDevice) -> None:
    """zigpy knows it no longer, and forgets it in its database."""
    device.cancel_initialization()
    if app.devices.get(device.ieee) is device:
        app.devices.pop(device.ieee)
    device.on_remove()
    app.listener_event("device_removed", device)


class Removal:
    def __init__(self, directory: Directory, roster: Roster, link: Link) -> None:
        self._directory = directory
        self._roster = roster
        self._link = link

    async def remove(self, wanted: str, *, force: bool = False) -> Removed:
        """Have it leave, and forget it. With `force` one that does not answer or refuses is
        forgotten all the same, and the key that it had with the stick is removed. Raises
        DeviceSilentError and UnsupportedError without `force`, NotFoundError, BadRequestError for
        the stick itself, and UnavailableError."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            if type_of(known.zigpy) == "coordinator":
                raise BadRequestError("The stick itself cannot be removed.")
            left = await self._leave(session, known, force=force)
            if not left:
                await self._erase_key(session, known)
            erase(session.app, known.zigpy)
        await self._roster.remove(known.id)
        log.info("device removed", device=known.id, left=left)
        return Removed(device_id=known.id, name=known.name, left=left)

    async def _leave(self, session: Session, known: Known, *, force: bool) -> bool:
        zdo, address = known.zigpy.zdo, known.zigpy.ieee
        try:
            (status,) = await ask(
                session,
                known,
                lambda options: zdo.Mgmt_Leave_req(address, zdo.LeaveOptions.NONE, **options),
                attempts=1 if force else 2,
                answer_s=_FORCED_ANSWER_S if force else None,
            )
            if status != 0:
                raise known.refused(status)
        except (DeviceSilentError, UnsupportedError) as error:
            if force:
                return False
            if known.sleepy:
                raise
            raise type(error)(
                f"{error.sentence} If it is gone for good, remove it by force: it is then only"
                " forgotten here."
            ) from error
        return True

    async def _erase_key(self, session: Session, known: Known) -> None:
        clean_up = getattr(session.app, "cleanup_tc_link_key", None)
        if clean_up is None:
            return
        try:
            await clean_up(known.zigpy.ieee)
        except session.air.failures as error:
            raise UnavailableError("The stick did not forget the device's key.") from error
