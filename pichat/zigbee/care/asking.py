"""Questions to whole devices, beside what converters ask: who is meant, and a bounded asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pichat.errors import DeviceSilentError, NotFoundError, UnsupportedError
from pichat.zigbee.air import sleeps
from pichat.zigbee.care.types import NodeType
from pichat.zigbee.roster import Roster
from pichat.zigbee.stick.radio import Session

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

T = TypeVar("T")

_ANSWER_S = 3.0
_ANSWER_SLEEPY_S = 9.0
_ATTEMPTS = 2


def words(status: Any) -> str:
    """A status of ZDO or ZCL as it reads in a sentence."""
    name = str(getattr(status, "name", "") or f"status {int(status):#04x}")
    return name.replace("_", " ").lower()


def type_of(device: Any) -> NodeType:
    """By its node descriptor; unknown before that is there."""
    node = getattr(device, "node_desc", None)
    if node is None:
        return "unknown"
    if node.is_coordinator:
        return "coordinator"
    return "router" if node.is_router else "end_device"


@dataclass(frozen=True, slots=True)
class Known:
    """A device of zigpy's with the name that people know it by."""

    id: str
    name: str
    area: str | None
    zigpy: ZigbeeDevice

    @property
    def sleepy(self) -> bool:
        return sleeps(self.zigpy)

    def silent(self) -> DeviceSilentError:
        if self.sleepy:
            return DeviceSilentError(
                f"The {self.name} sleeps. Wake it up, usually by pressing its button, and try"
                " again straight away."
            )
        return DeviceSilentError(f"The {self.name} does not answer.")

    def refused(self, status: Any) -> UnsupportedError:
        return UnsupportedError(f"The {self.name} refused: {words(status)}.")


class Directory:
    """Devices by id or name."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster

    def all(self, session: Session) -> Iterator[Known]:
        """Every Zigbee device, the coordinator and those that are not set up yet among them."""
        for device in list(session.app.devices.values()):
            if hasattr(device, "node_desc"):
                yield self.known(device)

    def known(self, device: Any) -> Known:
        device_id = str(device.ieee)
        for view in self._roster.announced():
            if view.id == device_id:
                return Known(device_id, view.name, view.area, device)
        name = "coordinator" if type_of(device) == "coordinator" else f"device {device_id}"
        return Known(device_id, name, None, device)

    def find(self, session: Session, wanted: str) -> Known:
        """By id, by name, or the word “coordinator”. Raises NotFoundError."""
        folded = wanted.strip().casefold()
        for known in self.all(session):
            if folded in (known.id, known.name.casefold()):
                return known
        raise NotFoundError(f"There is no device called “{wanted}”.")


async def ask(
    session: Session,
    known: Known,
    send: Callable[[dict[str, Any]], Awaitable[T]],
    *,
    urgent: bool = True,
    attempts: int = _ATTEMPTS,
    answer_s: float | None = None,
) -> T:
    """Send until there is an answer. `send` is given the options of a zigpy request. Raises
    DeviceSilentError, or UnavailableError when the radio goes."""
    air = session.air
    options: dict[str, Any] = {"retries": 0}
    if urgent:
        options["priority"] = air.high_priority
    patience_s = answer_s or (_ANSWER_SLEEPY_S if known.sleepy else _ANSWER_S)
    for attempt in range(attempts):
        turn = await air.slots.take(urgent=urgent, doubtful=attempt > 0)
        with air.slots.timed(turn):
            try:
                async with asyncio.timeout(patience_s):
                    return await send(options)
            except air.failures:
                continue
    raise known.silent()


def fail(known: Known, status: Any) -> None:
    """Raises UnsupportedError unless the status is a success."""
    if int(status) != 0:
        raise known.refused(status)
