"""What a converter would send, without sending it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pichat.errors import UnsupportedError
from pichat.events import State
from pichat.zigbee.air import Port
from pichat.zigbee.view import Feature


class Sent(msgspec.Struct, frozen=True):
    """One command of a cluster. Equal for devices that understand the same message."""

    cluster_id: int
    command: str
    arguments: tuple[tuple[str, Any], ...]


class _NotForGroupsError(Exception):
    """What is asked for takes more than commands."""


class _Recorder:
    """Implements `pichat.zigbee.converter.Cluster` on what is known of a real one."""

    def __init__(self, port: Port, sent: list[Sent]) -> None:
        self._port = port
        self._sent = sent

    def get(self, attribute: str) -> Any:
        return self._port.get(attribute)

    def supported(self, attribute: str) -> bool:
        return self._port.supported(attribute)

    async def command(self, command: str, **arguments: Any) -> None:
        cluster_id = int(self._port.cluster.cluster_id)
        self._sent.append(Sent(cluster_id, command, tuple(sorted(arguments.items()))))

    async def write(self, attributes: Mapping[str, Any]) -> None:
        raise _NotForGroupsError(attributes)

    async def read(self, attributes: Sequence[str]) -> None:
        raise _NotForGroupsError(attributes)

    def beside(self, cluster_id: int) -> _Recorder | None:
        port = self._port.beside(cluster_id)
        return None if port is None else _Recorder(port, self._sent)


async def recorded(
    feature: Feature, value: State, transition_s: float | None = None
) -> tuple[Sent, ...] | None:
    """The commands for `value`, in order; None where commands alone do not do it."""
    sent: list[Sent] = []
    try:
        await feature.converter.command(_Recorder(feature.port, sent), value, transition_s)
    except (_NotForGroupsError, UnsupportedError):
        return None
    return tuple(sent) or None
