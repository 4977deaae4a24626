"""A device as people see it, kept current from what zigpy hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pichat.events import Capability, Device, Kind, State
from pichat.zigbee.air import Air, Places, Port, sleeps
from pichat.zigbee.buttons import STANDARD, Buttons, is_remote
from pichat.zigbee.converter import REGISTRY, Converter, converters_of
from pichat.zigbee.definition import Definition, find
from pichat.zigbee.presence.pace import Pace
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
    """Holds one zigpy device, or one of its parts that is a thing of its own to people (see
    `pichat.zigbee.parts`). `changed(view, changes)` is called on the event loop, once for all
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
        self.pace = Pace()
        self.waiting: dict[str, State] = {}  # what it will be told when it wakes
        self.on_heard: Sequence[Callable[[DeviceView], None]] = ()  # called at every message
        self._heard_s: float | None = None  # since the radio has been open
        self.whole: DeviceView | None = None  # of which this is a part
        self.parts: dict[int, DeviceView] = {}  # by endpoint
        self._own: list[Port] = []
        self._held: dict[str, State] = {}  # what no attribute tells
        self._ending: dict[str, asyncio.TimerHandle] = {}
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
            if converters_of(cluster.cluster_id) and cluster.cluster_id not in hidden
        ]
        table = (self.definition and self.definition.buttons) or STANDARD
        buttons = Buttons(device, table, self._pressed)
        self.controls = [Port(one, air, self._places) for one in buttons.clusters]
        self._detach += buttons.listen()
        device.add_listener(self)
        self._detach.append(lambda: device.remove_listener(self))
        self._own = self.ports
        for port in self.ports:
            self._listen(port)
        self.refit()

    def attach_part(self, whole: DeviceView, endpoint: int) -> None:
        """Be the part of `whole` that is this endpoint. Setting it up is left to the whole."""
        self.detach()
        self.whole, self.zigpy = whole, whole.zigpy
        self._own = [p for p in whole.ports if p.cluster.endpoint.endpoint_id == endpoint]
        for port in self._own:
            self._follow(port)
        self.definition = whole.definition
        self.online, self.silent, self.pace = whole.online, whole.silent, whole.pace
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
            for port in self._own:
                if port.cluster.endpoint.endpoint_id in self.parts:
                    continue
                if port.cluster.cluster_id == cluster_id and converter.present(port):
                    found.setdefault(name, Feature(converter, port))
        self.features = dict(sorted(found.items()))
        states = {name: feature.decode() for name, feature in self.features.items()}
        states |= {name: state for name, state in self._held.items() if name in found}
        self.state = {name: state for name, state in states.items() if state is not None}
        for part in self.parts.values():
            part.refit()

    def device(self) -> Device:
        last_seen, kind = self.zigpy.last_seen, self.kind
        return Device(
            id=self.id,
            name=self.name,
            area=self.area,
            kind=kind,
            manufacturer=str(self.zigpy.manufacturer or ""),
            model=str(self.zigpy.model or ""),
            capabilities=tuple(feature.capability for feature in self.features.values()),
            state=dict(self.state),
            available=self.online and not self.silent,
            last_seen_s=last_seen,
            confirm=asks_first(kind) if self.confirm is None else self.confirm,
            sleepy=self.sleepy,
            waiting=dict(self.waiting),
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
        ends = {p.cluster.endpoint.endpoint_id for p in self._own} if self.whole else None
        types = {
            endpoint.device_type
            for endpoint in self.zigpy.non_zdo_endpoints
            if endpoint.endpoint_id not in self.parts
            and (ends is None or endpoint.endpoint_id in ends)
        }
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

    def assume(self, name: str, state: State, lasts_s: float | None) -> None:
        """The device has accepted what no attribute of it tells; see `Converter.lasts_s`."""
        if lasts_s == 0.0:
            return
        self._tell_held(name, state)
        if lasts_s is not None and state is True:
            loop = asyncio.get_running_loop()
            self._ending[name] = loop.call_later(lasts_s, self._tell_held, name, False)

    def state_told(self, name: str, state: State) -> None:
        """Called by listeners of converters."""
        if name in self.features:
            self._tell_held(name, state)

    def _tell_held(self, name: str, state: State) -> None:
        if ending := self._ending.pop(name, None):
            ending.cancel()
        self._held[name] = state
        if self.state.get(name) != state:
            self.state[name] = self._fresh[name] = state
            self._notify()

    def set_online(self, online: bool) -> None:
        for part in self.parts.values():
            part.set_online(online)
        self._heard_s = None
        if self.online != online:
            self.online = online
            self._notify()

    def set_silent(self, silent: bool) -> None:
        whole = self.whole or self
        for view in (whole, *whole.parts.values()):
            view.found_silent(silent)

    def found_silent(self, silent: bool) -> None:
        """What `set_silent` of the device that this belongs to means here."""
        if self.silent != silent:
            self.silent = silent
            self._notify()

    def set_waiting(self, capability: str, value: State | None) -> None:
        """What the device will be told; None: nothing any more."""
        if value is None:
            self.waiting.pop(capability, None)
        else:
            self.waiting[capability] = value
        self._notify()

    def device_last_seen_updated(self, last_seen: Any) -> None:
        """Called by zigpy at every message from the device, and when its time is set."""
        if last_seen is None:
            return
        heard_s = last_seen.timestamp()
        if self._heard_s is not None:
            self.pace.learn(heard_s - self._heard_s)
        self._heard_s = heard_s
        self.set_silent(False)
        for hear in self.on_heard:
            hear(self)
            for part in self.parts.values():
                hear(part)

    def _follow(self, port: Port) -> None:
        def heard(event: Any) -> None:
            self._heard(port, event.attribute_name)

        self._detach += [port.cluster.on_event(event, heard) for event in _HEARD]
        port.cluster.add_listener(self)
        self._detach.append(partial(port.cluster.remove_listener, self))

    def _listen(self, port: Port) -> None:
        self._follow(port)
        for converter in converters_of(port.cluster.cluster_id):
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
