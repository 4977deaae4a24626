"""What remotes send, as presses of buttons.

A remote commands other devices: its messages arrive here where its client clusters are bound to
the coordinator. Sources: the Zigbee Cluster Library, revision 8, chapters 3, 6, 7 and 8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice
    from zigpy.zcl import Cluster

Press = tuple[str, str]
"""The button's name on the device, and how it was pressed, as in `events.ButtonPressed`."""

_SAME_S = 2.0
"""A message that comes again within this time with the same sequence number is the same press, and
so is another message of a button that is still held."""


class Heard(NamedTuple):
    """One message of a remote. `told` are the command's fields, the bytes of a command that zigpy
    does not know, or the attribute's value. `last` is the endpoint's last button, or empty."""

    endpoint: int
    told: Any
    last: str


Reading = Press | Callable[[Heard], Press | None]


@dataclass(frozen=True, kw_only=True)
class ButtonTable:
    """What a remote's messages mean: by (cluster, command), and by (cluster, reported attribute).
    What is not in it is no press."""

    commands: Mapping[tuple[int, int], Reading] = field(default_factory=dict)
    reports: Mapping[tuple[int, int], Reading] = field(default_factory=dict)

    def clusters(self) -> frozenset[int]:
        return frozenset(cluster for cluster, _ in (*self.commands, *self.reports))


def _level(press: str) -> Callable[[Heard], Press]:
    def read(heard: Heard) -> Press:
        fields = heard.told
        mode = getattr(fields, "move_mode", getattr(fields, "step_mode", 0))
        return ("down" if int(mode) == 1 else "up", press)

    return read


def _colour_temperature(press: str) -> Callable[[Heard], Press]:
    def read(heard: Heard) -> Press:
        fields = heard.told
        mode = int(getattr(fields, "move_mode", getattr(fields, "step_mode", 0)))
        if mode == 0:
            return _released(heard)
        return ("warmer" if mode == 1 else "cooler", press)

    return read


def _released(heard: Heard) -> Press:
    return (heard.last or "dimmer", "release")


def _scene(heard: Heard) -> Press:
    return (f"scene {int(heard.told.scene_id)}", "single")


_ARM = ("disarm", "arm day", "arm night", "arm all")


def _arm(heard: Heard) -> Press | None:
    mode = int(heard.told.arm_mode)
    return (_ARM[mode], "single") if mode < len(_ARM) else None


STANDARD = ButtonTable(
    commands={
        (0x0005, 0x05): _scene,
        (0x0006, 0x00): ("off", "single"),
        (0x0006, 0x01): ("on", "single"),
        (0x0006, 0x02): ("toggle", "single"),
        (0x0006, 0x40): ("off", "single"),
        (0x0006, 0x41): ("on", "single"),
        (0x0008, 0x01): _level("hold"),
        (0x0008, 0x05): _level("hold"),
        (0x0008, 0x02): _level("single"),
        (0x0008, 0x06): _level("single"),
        (0x0008, 0x03): _released,
        (0x0008, 0x07): _released,
        (0x0102, 0x00): ("open", "single"),
        (0x0102, 0x01): ("close", "single"),
        (0x0102, 0x02): ("stop", "single"),
        (0x0300, 0x47): _released,
        (0x0300, 0x4B): _colour_temperature("hold"),
        (0x0300, 0x4C): _colour_temperature("single"),
        (0x0501, 0x00): _arm,
        (0x0501, 0x02): ("emergency", "single"),
        (0x0501, 0x03): ("fire", "single"),
        (0x0501, 0x04): ("panic", "single"),
    }
)
"""Of remotes that have no definition of their own."""

_BESIDES = frozenset({"battery", "voltage", "temperature"})
"""What a remote may tell beside its buttons."""


def is_remote(capabilities: object, *, has_buttons: bool) -> bool:
    """Whether a device with these capabilities (names) is nothing but buttons."""
    return has_buttons and not frozenset(capabilities) - _BESIDES  # type: ignore[call-overload]


def controls(device: ZigbeeDevice, table: ButtonTable) -> list[Cluster]:
    """The clusters that presses come from; the standard ones only where the device is client."""
    wanted = table.clusters()
    return [
        cluster
        for endpoint in device.non_zdo_endpoints
        for cluster in _sides(endpoint, standard=table is STANDARD)
        if cluster.cluster_id in wanted
    ]


def _sides(endpoint: Any, *, standard: bool) -> Iterator[Cluster]:
    yield from endpoint.out_clusters.values()
    if not standard:
        yield from endpoint.in_clusters.values()


class Buttons:
    """Listens to a device; `pressed(button, press)` is called on the event loop, once a press."""

    def __init__(
        self, device: ZigbeeDevice, table: ButtonTable, pressed: Callable[[str, str], None]
    ) -> None:
        self.clusters = controls(device, table)
        self._table = table
        self._pressed = pressed
        self._last: dict[int, str] = {}
        self._seen: tuple[int, int, int] | None = None
        self._seen_s = 0.0
        self._held: tuple[int, str] | None = None
        self._held_s = 0.0
        ends = {cluster.endpoint.endpoint_id for cluster in self.clusters}
        self._several = len(ends) > 1 and table is STANDARD

    def listen(self) -> list[Callable[[], None]]:
        """Returns what undoes it."""
        undo: list[Callable[[], None]] = []
        for cluster in self.clusters:
            ear = _Ear(self, cluster)
            cluster.add_listener(ear)
            undo.append(partial(cluster.remove_listener, ear))
        return undo

    def command(self, cluster: Cluster, tsn: int, number: int, told: Any) -> None:
        if not self._again(cluster, tsn):
            reading = self._table.commands.get((cluster.cluster_id, number))
            self._heard(cluster, reading, told)

    def reports(self, cluster: Cluster, tsn: int, values: Sequence[tuple[int, Any]]) -> None:
        """One message's attributes and their values."""
        if values and not self._again(cluster, tsn):
            for attribute, value in values:
                reading = self._table.reports.get((cluster.cluster_id, attribute))
                self._heard(cluster, reading, value)

    def _heard(self, cluster: Cluster, reading: Reading | None, told: Any) -> None:
        endpoint = int(cluster.endpoint.endpoint_id)
        if callable(reading):
            found = reading(Heard(endpoint, told, self._last.get(endpoint, "")))
        else:
            found = reading
        if found is None:
            return
        button, press = found
        self._last[endpoint] = button
        if not self._still_held(endpoint, button, press):
            self._pressed(f"{button} {endpoint}" if self._several else button, press)

    def _again(self, cluster: Cluster, tsn: int) -> bool:
        message = (int(cluster.endpoint.endpoint_id), int(cluster.cluster_id), int(tsn))
        now_s = asyncio.get_running_loop().time()
        same = message == self._seen and now_s - self._seen_s < _SAME_S
        self._seen, self._seen_s = message, now_s
        return same

    def _still_held(self, endpoint: int, button: str, press: str) -> bool:
        now_s = asyncio.get_running_loop().time()
        if press != "hold":
            self._held = None
            return False
        again = self._held == (endpoint, button) and now_s - self._held_s < _SAME_S
        self._held, self._held_s = (endpoint, button), now_s
        return again


class _Ear:
    """A zigpy cluster listener. zigpy swallows what these raise."""

    def __init__(self, buttons: Buttons, cluster: Cluster) -> None:
        self._buttons = buttons
        self._cluster = cluster

    def cluster_command(self, tsn: int, command_id: int, arguments: Any) -> None:
        self._buttons.command(self._cluster, tsn, command_id, arguments)

    def general_command(self, header: Any, arguments: Any) -> None:
        told = getattr(arguments, "attribute_reports", ())
        values = [(int(one.attrid), one.value.value) for one in told]
        self._buttons.reports(self._cluster, header.tsn, values)
