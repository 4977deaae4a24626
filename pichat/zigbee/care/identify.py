"""A device shows which it is: it blinks or beeps."""

from __future__ import annotations

from pichat.errors import BadRequestError
from pichat.zigbee.care.asking import Directory, ask
from pichat.zigbee.care.places import place
from pichat.zigbee.link import Link

_IDENTIFY = 0x0003
_LONGEST_S = 3600


class Identify:
    def __init__(self, directory: Directory, link: Link) -> None:
        self._directory = directory
        self._link = link

    async def show(self, wanted: str, duration_s: int) -> str:
        """For so long; 0 ends it. Returns the device's name once it has agreed. Raises
        UnsupportedError for one that cannot, DeviceSilentError, NotFoundError, BadRequestError
        and UnavailableError."""
        if not 0 <= duration_s <= _LONGEST_S:
            raise BadRequestError(f"A device identifies itself for 0 to {_LONGEST_S} s.")
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            cluster = place(known, _IDENTIFY).cluster
            reply = await ask(
                session,
                known,
                lambda options: cluster.identify(identify_time=duration_s, **options),
            )
            status = getattr(reply, "status", 0)
            if status != 0:
                raise known.refused(status)
            return known.name
