"""A device as people see it, kept current from what zigpy hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pichat.events import Capability, Device, Kind, State
from pichat.zigbee.air import Air, Places, Port, sleeps
from pichat.zigbee.buttons import STANDARD, Buttons, is_remote
from pichat.zigbee.converter import REGISTRY, Converter
from pichat.zigbee.definition import Definition, find
from pichat.zigbee.sort import asks_first, kind_of

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice


_HEARD = ("attribute_report", "attribute_read", "attribute_updated")


class Feature:
    """One capability of one device: a converter on a cluster."""

    def __init__(self, converter: Converter, port: Port) -> None:
        self.converter = converter
        self.port = port

    @property
    def capability(self) -> Capability:
        return self.converter.capability(self.port)

    @property
    def attributes(self) -> list[str]:
        """Those that tell the state, as far as the device has them."""
        names = [report.attribute for report in self.converter.reports]
        return [name for name in names if self.port.supported(name)]

    def decode(self) -> State | None:
        return self.converter.decode(self.port)


class DeviceView:
    """Holds one zigpy device. `changed(view, changes)` is called on the event loop, once for all
    that one message changed; `changes` is empty when only availability did."""

    def __init__(
        self,
        device_id: str,
        name: str,
        area: str | None,
        changed: Callable[[DeviceView, dict[str, State]], None],
    ) -> None:
        self.id = device_id
        self.name = name
        self.area = area
        self.confirm: bool | None = None  # None: by its kind
        self.state: dict[str, State] = {}
        self.features: dict[str, Feature] = {}
        self.silent = False
        self.online = False
        self._places = Places()
        self.zigpy: ZigbeeDevice
        self.ports: list[Port] = []
        self.definition: Definition | None = None  # of its maker, where it needs one
        self.controls: list[Port] = []  # what its buttons' presses come from
        self.on_press: Callable[[DeviceView, str, str], None] | None = None  # button, press
        self._changed = changed
        self._fresh: dict[str, State] = {}
        self._notice: asyncio.Handle | None = None
        self._watches: dict[str, list[tuple[State, asyncio.Future[State]]]] = {}
        self._detach: list[Callable[[], None]] = []

    def attach(self, device: ZigbeeDevice, air: Air) -> None:
        """Follow `device`, which may be a new object for the same radio."""
        self.detach()
        self.zigpy = device
        self._port = partial(Port, air=air, places=self._places)
        self.definition = find(device.manufacturer, device.model)
        hidden = self.definition.hidden if self.definition else ()
        self.ports = [
            Port(cluster, air, self._places)
            for endpoint in device.non_zdo_endpoints
            for cluster in endpoint.in_clusters.values()
            if any(cluster.cluster_id == cluster_id for _, cluster_id in REGISTRY)
            and cluster.cluster_id not in hidden
        ]
        table = (self.definition and self.definition.buttons) or STANDARD
        buttons = Buttons(device, table, self._pressed)
        self.controls = [Port(one, air, self._places) for one in buttons.clusters]
        self._detach += buttons.listen()
        device.add_listener(self)
        self._detach.append(lambda: device.remove_listener(self))
        for port in self.ports:
            self._listen(port)
        self.refit()

    def detach(self) -> None:
        for undo in self._detach:
            undo()
        self._detach.clear()

    def refit(self) -> None:
        """Work out anew which capabilities there are, from what the device has told so far."""
        found: dict[str, Feature] = {}
        without = self.definition.without if self.definition else ()
        for (name, cluster_id), converter in REGISTRY.items():
            if name in without:
                continue
            for port in self.ports:
                if port.cluster.cluster_id == cluster_id and converter.present(port):
                    found.setdefault(name, Feature(converter, port))
        self.features = dict(sorted(found.items()))
        states = {name: feature.decode() for name, feature in self.features.items()}
        self.state = {name: state for name, state in states.items() if state is not None}

    def device(self) -> Device:
        last_seen = self.zigpy.last_seen
        return Device(
            id=self.id,
            name=self.name,
            area=self.area,
            kind=self.kind,
            manufacturer=str(self.zigpy.manufacturer or ""),
            model=str(self.zigpy.model or ""),
            capabilities=tuple(feature.capability for feature in self.features.values()),
            state=dict(self.state),
            available=self.online and not self.silent,
            last_seen_s=last_seen,
            confirm=asks_first(self.kind) if self.confirm is None else self.confirm,
            sleepy=self.sleepy,
        )

    def reported(self) -> dict[Port, list[str]]:
        """The attributes that tell the state, by cluster."""
        found: dict[Port, dict[str, None]] = {}
        for feature in self.features.values():
            found.setdefault(feature.port, {}).update(dict.fromkeys(feature.attributes))
        return {port: list(names) for port, names in found.items()}

    @property
    def kind(self) -> Kind:
        if self.remote:
            return "remote"
        types = {endpoint.device_type for endpoint in self.zigpy.non_zdo_endpoints}
        return kind_of(self.features, types)

    @property
    def remote(self) -> bool:
        return is_remote(self.features, has_buttons=bool(self.controls))

    def reach(self, endpoint: int, cluster_id: int) -> Port | None:
        """Any server cluster of the device, for somebody who waits."""
        found = self.zigpy.endpoints.get(endpoint)
        cluster = found.in_clusters.get(cluster_id) if found else None
        return self._port(cluster).urgent() if cluster else None

    @property
    def sleepy(self) -> bool:
        return sleeps(self.zigpy)

    @contextmanager
    def watch(self, name: str, wanted: State) -> Iterator[asyncio.Future[State]]:
        """A future of the state that the device tells next and that is what was wanted."""
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()
        watches = self._watches.setdefault(name, [])
        watches.append((wanted, future))
        try:
            yield future
        finally:
            watches.remove((wanted, future))
            future.cancel()

    def set_online(self, online: bool) -> None:
        if self.online != online:
            self.online = online
            self._notify()

    def set_silent(self, silent: bool) -> None:
        if self.silent != silent:
            self.silent = silent
            self._notify()

    def device_last_seen_updated(self, last_seen: Any) -> None:
        """Called by zigpy at every message from the device."""
        del last_seen
        if self.silent:
            self.set_silent(False)

    def _listen(self, port: Port) -> None:
        def heard(event: Any) -> None:
            self._heard(port, event.attribute_name)

        self._detach += [port.cluster.on_event(event, heard) for event in _HEARD]
        for (_, cluster_id), converter in REGISTRY.items():
            if cluster_id != port.cluster.cluster_id:
                continue
            listener = converter.listener(port.cluster)
            if listener is not None:
                port.cluster.add_listener(listener)
                self._detach.append(partial(port.cluster.remove_listener, listener))
                return

    def _heard(self, port: Port, attribute: str | None) -> None:
        """An attribute's value came from the device."""
        for name, feature in self.features.items():
            told_by = feature.converter.reports
            if feature.port is not port or all(r.attribute != attribute for r in told_by):
                continue
            state = feature.decode()
            if state is None:
                self.state.pop(name, None)
                continue
            if self.state.get(name) != state:
                self.state[name] = self._fresh[name] = state
                self._notify()
            for wanted, future in self._watches.get(name, ()):
                if not future.done() and feature.converter.matches(wanted, state):
                    future.set_result(state)

    def _pressed(self, button: str, press: str) -> None:
        own = self.definition is not None and self.definition.buttons is not None
        if self.on_press is not None and (own or self.remote):
            self.on_press(self, button, press)

    def _notify(self) -> None:
        if self._notice is None:
            self._notice = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        changes, self._fresh, self._notice = self._fresh, {}, None
        self._changed(self, changes)
