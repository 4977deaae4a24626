"""Talking to one cluster of one device: bounded in time and in number, and in two failures."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pichat.zigbee.slots import Slots

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice
    from zigpy.zcl import Cluster as ZigpyCluster
    from zigpy.zcl.foundation import ZCLAttributeDef

IN_FLIGHT_DEVICE = 2
_ANSWER_S = 2.0
_ANSWER_SLEEPY_S = 8.0
"""How long a device may take to answer when nobody waits for it. A parent keeps a message for a
sleeping child for 7.68 s (macTransactionPersistenceTime)."""
_FULL = frozenset(
    {"ZIGBEE_MAX_MESSAGE_LIMIT_REACHED", "ALLOCATION_FAILED", "NO_MORE_RESOURCE", "BUSY"}
)
"""What a stick answers while it has no room for another message (UG100: EZSP's sl_status)."""
_ROOM_S = 0.03
_STUCK_S = 6.0
"""A stick that has taken nothing for so long, although it was asked again and again, will not."""


class SilentError(Exception):
    """The device gave no answer, or the stick could not deliver."""


class RefusedError(Exception):
    """The device answered with a failure; the text is the status that it gave."""


class Air:
    """What all devices of one radio share. `failures` are the exceptions by which its library
    says that a message went nowhere, `high_priority` its number for what a person waits for.
    `stuck` is called when the stick takes no messages any more."""

    def __init__(self, failures: tuple[type[Exception], ...], high_priority: int) -> None:
        self.failures: tuple[type[Exception], ...] = (TimeoutError, *failures)
        self.high_priority = high_priority
        self.slots = Slots()
        self.stuck: Callable[[], None] = lambda: None
        self._full_since_s: float | None = None
        self._full_at_s = 0.0

    def full(self) -> None:
        """The stick had no room for a message."""
        now_s = asyncio.get_running_loop().time()
        if self._full_since_s is None or now_s - self._full_at_s > _STUCK_S:
            self._full_since_s = now_s
        self._full_at_s = now_s
        if now_s - self._full_since_s > _STUCK_S:
            self.stuck()

    def taken(self) -> None:
        """The stick took a message."""
        self._full_since_s = None


class Places:
    """How many messages may be under way to one device. Waiting for a place is not counted as
    the device's silence."""

    def __init__(self) -> None:
        self.urgent = asyncio.Semaphore(IN_FLIGHT_DEVICE)
        self.background = asyncio.Semaphore(1)
        self.doubtful = False  # the last message was not answered


class Port:
    """One cluster of a device; implements `pichat.zigbee.converter.Cluster`.

    zigpy's own retries are off: who calls knows what a lost message means. Within a device, zigpy
    keeps one of its two places for high priority, so work in the background never stands in the
    way of a person.
    """

    def __init__(self, cluster: ZigpyCluster, air: Air, places: Places) -> None:
        self.cluster = cluster
        self._air = air
        self._places = places
        self._place = places.background
        self._options: dict[str, Any] = {"retries": 0}
        asleep = sleeps(cluster.endpoint.device)
        self._answer_s = _ANSWER_SLEEPY_S if asleep else _ANSWER_S

    def urgent(self, answer_s: float | None = None) -> Port:
        """The same cluster for somebody who waits, with that much patience if given."""
        port = Port(self.cluster, self._air, self._places)
        port._place = self._places.urgent
        port._options = {"retries": 0, "priority": self._air.high_priority}
        if answer_s is not None:
            port._answer_s = answer_s
        return port

    def get(self, attribute: str) -> Any:
        return self.cluster.get(attribute)

    def supported(self, attribute: str) -> bool:
        return not self.cluster.is_attribute_unsupported(attribute)

    async def command(self, command: str, **arguments: Any) -> None:
        self._check(getattr(await self.request(command, **arguments), "status", 0))

    async def request(self, command: str, **arguments: Any) -> Any:
        """A command's own answer, whatever its status."""
        send: Callable[..., Awaitable[Any]] = getattr(self.cluster, command)
        return await self._ask(lambda: send(**self._options, **arguments))

    async def request_as(self, command_id: int, schema: Any, **arguments: Any) -> Any:
        """As `request`, for a command that the library knows only in part."""
        return await self._ask(
            lambda: self.cluster.request(False, command_id, schema, **self._options, **arguments)
        )

    async def write(self, attributes: Mapping[str, Any]) -> None:
        reply = await self._ask(
            lambda: self.cluster.write_attributes(
                # What was written is not yet what the device holds.
                cast("dict[str | int | ZCLAttributeDef, Any]", attributes),
                update_cache=False,
                **self._options,
            )
        )
        for record in reply[0]:
            self._check(record.status)

    async def read(self, attributes: Sequence[str]) -> None:
        await self._ask(lambda: self.cluster.read_attributes(list(attributes), **self._options))

    def beside(self, cluster_id: int) -> Port | None:
        """Another cluster of the same endpoint, spoken to in the same way."""
        cluster = self.cluster.endpoint.in_clusters.get(cluster_id)
        if cluster is None:
            return None
        port = Port(cluster, self._air, self._places)
        port._place, port._options, port._answer_s = self._place, self._options, self._answer_s
        return port

    async def bind(self) -> None:
        """Have the device send its reports here."""
        reply = await self._ask(lambda: self.cluster.bind(**self._options))  # type: ignore[no-untyped-call]
        self._check(reply[0])

    async def configure(self, config: Mapping[Any, Any]) -> None:
        """Ask for reports; `config` as zigpy takes it. Attributes that the device will not
        report are not an error: they are read when needed."""
        await self._ask(lambda: self.cluster.configure_reporting_multiple(dict(config)))

    async def _ask(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """Raises BusyError when too many wait already."""
        urgent = self._place is self._places.urgent
        async with self._place:
            turn = await self._air.slots.take(urgent=urgent, doubtful=self._places.doubtful)
            with self._air.slots.timed(turn):
                try:
                    # zigpy's own timeout is 5 s, or 28 s for devices that may sleep.
                    async with asyncio.timeout(self._answer_s):
                        reply = await self._when_there_is_room(send)
                except self._air.failures as error:
                    self._places.doubtful = True
                    raise SilentError(repr(error)) from error
        self._places.doubtful = False
        return reply

    async def _when_there_is_room(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """A stick whose buffers are full says so at once; that is not the device's silence."""
        while True:
            try:
                reply = await send()
            except self._air.failures as error:
                if getattr(getattr(error, "status", None), "name", "") not in _FULL:
                    self._air.taken()
                    raise
                self._air.full()
            else:
                self._air.taken()
                return reply
            await asyncio.sleep(_ROOM_S)

    def _check(self, status: Any) -> None:
        if status != 0:
            raise RefusedError(getattr(status, "name", str(status)).replace("_", " ").lower())


def sleeps(device: ZigbeeDevice) -> bool:
    """Whether the device listens only now and then."""
    node = device.node_desc
    return node is not None and node.is_receiver_on_when_idle is False
