"""Letting devices in: for how long, through whom, and how far those have come that joined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pichat.bus import Bus
from pichat.errors import BadRequestError, DeviceSilentError, UnavailableError, UnsupportedError
from pichat.events import JoiningChanged, JoinProgress
from pichat.zigbee.arrival.install_code import from_code, from_qr
from pichat.zigbee.arrival.interview import Interviews
from pichat.zigbee.care.removal import Removal
from pichat.zigbee.link import Link
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session
from pichat.zigbee.tasks import Tasks

if TYPE_CHECKING:
    from zigpy.types import EUI64, KeyData

LONGEST_S = 254
"""The longest time that Zigbee lets a network be open for joining."""
_PATIENCE_S = 5.0


class Admission:
    """Implements `gateway.services.Joining`. A Follower. `now` is in seconds since the epoch."""

    def __init__(
        self,
        link: Link,
        roster: Roster,
        bus: Bus,
        interviews: Interviews,
        removal: Removal,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._link = link
        self._roster = roster
        self._bus = bus
        self._interviews = interviews
        self._removal = removal
        self._now = now
        self._state = JoiningChanged()
        self._closing: asyncio.TimerHandle | None = None

    def follow(self, session: Session, tasks: Tasks) -> None:
        """A stick that was started again is closed."""
        del session, tasks
        self._closed()

    def state(self) -> JoiningChanged:
        return self._state

    def under_way(self) -> tuple[JoinProgress, ...]:
        return self._interviews.under_way()

    def retry(self, device_id: str) -> JoinProgress:
        return self._interviews.retry(device_id)

    async def forget(self, device_id: str) -> None:
        self._interviews.unfinished(device_id)
        await self._removal.remove(device_id, force=True)

    async def permit(
        self,
        duration_s: int,
        *,
        via: str | None = None,
        device_id: str | None = None,
        install_code: str | None = None,
        qr: str | None = None,
    ) -> JoiningChanged:
        """See `gateway.services.Joining`."""
        duration_s = max(0, min(duration_s, LONGEST_S))
        secret = _secret(device_id, install_code, qr)
        if secret is not None and via is not None:
            raise BadRequestError("With an install code, devices join through whom they like.")
        async with self._link.under_way() as session:
            try:
                if secret is not None:
                    await session.app.permit_with_link_key(*secret, duration_s)
                elif via is not None:
                    await self._through(session, via, duration_s)
                else:
                    await session.app.permit(duration_s)
            except session.air.failures as error:
                raise UnavailableError("The stick did not do it. Try again.") from error
        if duration_s:
            self._opened(duration_s, via, str(secret[0]) if secret else None)
        else:
            self._closed()
        return self._state

    async def _through(self, session: Session, via: str, duration_s: int) -> None:
        view = self._roster.view(via)
        device = view.zigpy
        if device.node_desc is None or not device.node_desc.is_router:
            raise UnsupportedError(
                f"Nothing can join through the {view.name}: it does not relay for others. Lamps and"
                " plugs do."
            )
        if self._state.open_until_s is not None and self._state.via is None:
            await session.app.permit(0)  # else they may join anywhere until then
        silent = DeviceSilentError(f"The {view.name} does not answer, so nothing can join there.")
        try:
            async with asyncio.timeout(_PATIENCE_S):
                reply = await device.zdo.permit(duration_s)  # type: ignore[no-untyped-call]
        except session.air.failures as error:
            raise silent from error
        if reply[0] != 0:
            raise silent
        # The stick has to know that devices may come.
        await session.app.permit(duration_s, node=device.ieee)

    def _opened(self, duration_s: int, via: str | None, device_id: str | None) -> None:
        self._cancel()
        self._closing = asyncio.get_running_loop().call_later(duration_s, self._closed)
        until_s = self._now() + duration_s
        self._say(JoiningChanged(open_until_s=until_s, via=via, device_id=device_id))

    def _closed(self) -> None:
        self._cancel()
        self._say(JoiningChanged())

    def _cancel(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def _say(self, state: JoiningChanged) -> None:
        if state != self._state:
            self._state = state
            self._bus.publish(state)


def _secret(
    device_id: str | None, install_code: str | None, qr: str | None
) -> tuple[EUI64, KeyData] | None:
    if qr is not None:
        return from_qr(qr)
    if install_code is None:
        return None
    if device_id is None:
        raise BadRequestError(
            "An install code needs the device's address: 16 hexadecimal digits, printed beside it."
        )
    return from_code(device_id, install_code)
