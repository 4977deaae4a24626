"""One message to all devices of a group."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from pichat.zigbee.air import SilentError
from pichat.zigbee.groups.recorded import Sent
from pichat.zigbee.stick.radio import Session

if TYPE_CHECKING:
    from zigpy.types import ZigbeePacket

_PROFILE = 0x0104  # Home Automation
_BEYOND_MEMBERS = 3
"""Hops through devices that are not in the group."""
_MOST, _WITHIN_S = 12, 9.0
"""Every router repeats such a message and remembers it for 9 s; its table has 15 places, and the
network needs some of them for itself."""


class Multicast:
    """`lately`: when the last messages went out; no more than the network bears."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.lately: deque[float] = deque(maxlen=_MOST)
        self._sequence = 0

    def affordable(self) -> bool:
        """Whether the network takes another one now."""
        full = len(self.lately) == _MOST
        return not full or self._now() - self.lately[0] > _WITHIN_S

    async def send(self, session: Session, group: int, commands: Sequence[Sent]) -> None:
        """Tell the group. It went out when this returns; who heard it is not known. Raises
        SilentError when the stick did not take it, and BusyError."""
        for command in commands:
            turn = await session.air.slots.take(urgent=True, doubtful=False)
            with session.air.slots.timed(turn):
                self.lately.append(self._now())
                self._sequence = sequence = (self._sequence + 1) % 256
                try:
                    await session.app.send_packet(_packet(session, group, command, sequence))
                except session.air.failures as error:
                    raise SilentError(repr(error)) from error


def _packet(session: Session, group: int, command: Sent, sequence: int) -> ZigbeePacket:
    from zigpy import types

    packet: Any = types.ZigbeePacket  # which makes its own integers of ours
    built: ZigbeePacket = packet(
        src_ep=session.app.get_endpoint_id(command.cluster_id),
        dst=types.AddrModeAddress(addr_mode=types.AddrMode.Group, address=group),  # type: ignore[arg-type]
        tsn=sequence,
        profile_id=_PROFILE,
        cluster_id=command.cluster_id,
        data=types.SerializableBytes(frame(command, sequence)),
        radius=0,
        non_member_radius=_BEYOND_MEMBERS,
        priority=session.air.high_priority,
    )
    return built


def frame(command: Sent, sequence: int) -> bytes:
    """As ZCL writes it. Nobody answers what a whole group was told."""
    from zigpy.zcl import Cluster
    from zigpy.zcl.foundation import Direction, FrameControl, FrameType, ZCLHeader

    # There is no other way to a cluster's commands without a device that has it.
    definitions = Cluster._registry[command.cluster_id].ServerCommandDefs  # noqa: SLF001
    definition = getattr(definitions, command.command)
    control = FrameControl(
        frame_type=FrameType.CLUSTER_COMMAND,
        is_manufacturer_specific=False,
        direction=Direction.Client_to_Server,
        disable_default_response=True,
        reserved=0,
    )
    header = ZCLHeader(frame_control=control, tsn=sequence, command_id=definition.id)
    body = definition.schema(**dict(command.arguments))
    return bytes(header.serialize() + body.serialize())
