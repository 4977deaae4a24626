"""Locks: whether they are locked, whether the bolt is stuck, and who moved it last."""

from __future__ import annotations

from typing import Any

from pichat.errors import UnsupportedError
from pichat.events import Capability, State
from pichat.zigbee.converter import Attributes, Cluster, Converter, Report, converter

_STATES = {1: True, 2: False}
_BETWEEN = 0
_OPERATION_EVENT = 0x20  # a command from the lock
_SOURCES = {0: "keypad", 1: "radio", 2: "hand", 3: "card"}
_EVENTS = {
    1: "locked",
    2: "unlocked",
    3: "not locked, wrong code",
    4: "not locked, outside its schedule",
    5: "not unlocked, wrong code",
    6: "not unlocked, outside its schedule",
    7: "locked",  # with one touch
    8: "locked",  # with the key
    9: "unlocked",  # with the key
    10: "locked",  # by itself
    11: "locked",  # by its schedule
    12: "unlocked",  # by its schedule
    13: "locked",  # with the thumb turn
    14: "unlocked",  # with the thumb turn
}
_BY_KEY, _BY_ITSELF = frozenset({8, 9}), frozenset({10, 11, 12})
_NOBODY = 0xFFFF


@converter
class Lock(Converter):
    """True is locked; neither while the bolt is between."""

    name = "lock"
    cluster_id = 0x0101
    reports = (Report(attribute="lock_state"),)
    settle_s = 15.0

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, writable=True)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("lock_state")
        return None if value is None else _STATES.get(int(value))

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        del transition_s
        if not isinstance(value, bool):
            raise UnsupportedError("It is either locked or unlocked.")
        await cluster.command("lock_door" if value else "unlock_door")


@converter
class Jammed(Converter):
    """The bolt is neither locked nor unlocked. True for a moment while it moves, and for longer
    when it is stuck."""

    name = "jammed"
    cluster_id = 0x0101
    reports = (Report(attribute="lock_state"),)

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name)

    def decode(self, attributes: Attributes) -> State | None:
        value = attributes.get("lock_state")
        return None if value is None else int(value) == _BETWEEN


@converter
class LastOperation(Converter):
    """What the lock told last of who moved it: “unlocked, keypad, code 3”. Not kept over a restart,
    and never with the code itself."""

    name = "last_operation"
    cluster_id = 0x0101
    reports = ()

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name)

    def decode(self, attributes: Attributes) -> State | None:
        del attributes
        return None

    def listener(self, cluster: Any) -> object | None:
        return _Operations(cluster)


class _Operations:
    """A zigpy cluster listener. zigpy swallows what it raises."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster

    def cluster_command(self, tsn: int, command_id: int, arguments: Any) -> None:
        del tsn
        if command_id == _OPERATION_EVENT:
            told = operation(
                int(arguments.operation_event_source),
                int(arguments.operation_event_code),
                int(arguments.user_id),
            )
            self._cluster.listener_event("state_told", LastOperation.name, told)


def operation(source: int, event: int, user: int) -> str:
    """An operation event (ZCL 8, section 7.3.2.17.1) in a few words."""
    what = _EVENTS.get(event, "operated")
    if event in _BY_ITSELF:
        return f"{what}, by itself"
    by = "key" if event in _BY_KEY else _SOURCES.get(source, "unknown")
    has_slot = by in ("keypad", "card") and user != _NOBODY
    return f"{what}, {by}, code {user}" if has_slot else f"{what}, {by}"
