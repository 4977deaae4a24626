"""The contract of a converter: between one cluster's attributes and one capability."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from pichat.errors import UnsupportedError
from pichat.events import Capability, State


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that tells the state, and how the device is asked to report it.

    `change` is in the attribute's own unit; None for a discrete attribute. With
    `configure=False` the device tells it by itself and takes no reporting configuration.
    """

    attribute: str
    min_interval_s: int = 0
    max_interval_s: int = 3600
    change: float | None = None
    configure: bool = True


class Attributes(Protocol):
    """What is known of a cluster, without asking the device."""

    def get(self, attribute: str) -> Any:
        """The value last reported or read, or None when it is not known."""
        ...

    def supported(self, attribute: str) -> bool:
        """False once the device said that it has no such attribute."""
        ...

    def beside(self, cluster_id: int) -> Attributes | None:
        """Another cluster of the same endpoint, when it has one."""
        ...


class Cluster(Attributes, Protocol):
    """A cluster that can be talked to. All methods raise SilentError when no answer comes and
    RefusedError when the answer is a failure."""

    async def command(self, command: str, **arguments: Any) -> None: ...

    async def write(self, attributes: Mapping[str, Any]) -> None: ...

    async def read(self, attributes: Sequence[str]) -> None: ...

    def beside(self, cluster_id: int) -> Cluster | None:
        """Another cluster of the same endpoint, when it has one."""
        ...


class Converter:
    """One capability, on one cluster. Stateless: all that it knows is in the attributes.

    Sources: the Zigbee Cluster Library, revision 8.
    """

    name: ClassVar[str]
    """The capability's name in `pichat.events.Capability`."""
    cluster_id: ClassVar[int]
    reports: ClassVar[tuple[Report, ...]]
    """What tells the state; the first is the one that makes the capability."""
    described_by: ClassVar[tuple[str, ...]] = ()
    """Attributes that do not change, read once after the interview."""
    settle_s: ClassVar[float] = 0.0
    """How long a device that moves may take to arrive. 0: it is there when it has answered."""
    answered: ClassVar[bool] = False
    """No attribute tells the state: that the device has answered the command with success is all
    the confirmation there is."""
    apart: ClassVar[bool] = False
    """Where several endpoints have it, each is a thing of its own to people: the second socket of a
    double plug has a name, a room and a state of its own."""
    lights_up: ClassVar[bool] = False
    """Setting it means that the light should be on; it is switched on first."""

    def present(self, attributes: Attributes) -> bool:
        """Whether the device has the capability. True while nothing is known."""
        return not self.reports or attributes.supported(self.reports[0].attribute)

    def capability(self, attributes: Attributes) -> Capability:
        """Its description, with the limits that the device told."""
        raise NotImplementedError

    def decode(self, attributes: Attributes) -> State | None:
        """The state that the attributes tell, or None when they tell none."""
        raise NotImplementedError

    async def command(
        self, cluster: Cluster, value: State, transition_s: float | None = None
    ) -> None:
        """Ask the device for `value`, which fits the capability. A light takes `transition_s` to
        get there; what cannot fade goes there at once."""
        del cluster, value, transition_s
        raise UnsupportedError("This can be read, but not set.")

    def matches(self, wanted: State, actual: State) -> bool:
        """Whether a state that the device told is what was asked of it, within its precision."""
        return wanted == actual

    def near(self, wanted: State, actual: State) -> bool:
        """Whether a device that has come to rest there did what was asked."""
        return self.matches(wanted, actual)

    def afterwards(self, cluster: Cluster, value: State) -> Callable[[], Awaitable[None]] | None:
        """What a fading command leaves to be put right. Called before the command, when it will
        fade; what it returns is awaited once the device is there, and may fail silently."""
        del cluster, value
        return None

    def lasts_s(self, cluster: Cluster, value: State) -> float | None:
        """Of one that is `answered`: for how long the device then is in that state, 0 when it is
        only an act (a stop) and no state, None for until it is told otherwise."""
        del cluster, value
        return 0.0

    def elsewhere(self, value: State) -> tuple[str, State] | None:
        """The capability and value that this value really means, when it is another one."""
        del value
        return None

    async def set_up(self, cluster: Cluster, coordinator: Any) -> None:
        """What the device needs beside bindings and reporting. `coordinator` is its EUI-64."""

    def listener(self, cluster: Any) -> object | None:
        """A zigpy cluster listener, for what devices tell otherwise than by attributes. What no
        attribute can hold it tells by `cluster.listener_event("state_told", name, state)`."""
        del cluster
        return None


class Measurement(Converter):
    """A number that a sensor tells: `attribute` times `scale`, unless it is `invalid`."""

    scale: ClassVar[float]
    invalid: ClassVar[int]
    unit: ClassVar[str]
    digits: ClassVar[int] = 2

    def capability(self, attributes: Attributes) -> Capability:
        del attributes
        return Capability(name=self.name, unit=self.unit)

    def decode(self, attributes: Attributes) -> State | None:
        raw = attributes.get(self.reports[0].attribute)
        if raw is None or raw == self.invalid:
            return None
        return round(int(raw) * self.scale, self.digits)


class RatioMeasurement(Measurement):
    """A measurement whose scale the device tells, as a multiplier and a divisor."""

    multiplier: ClassVar[str]
    divisor: ClassVar[str]

    def decode(self, attributes: Attributes) -> State | None:
        raw = attributes.get(self.reports[0].attribute)
        if raw is None or raw == self.invalid:
            return None
        ratio = (attributes.get(self.multiplier) or 1) / (attributes.get(self.divisor) or 1)
        return round(int(raw) * ratio * self.scale, self.digits)


_LONGEST_TENTHS = 0xFFFE


def tenths(transition_s: float | None) -> int:
    """A transition as Zigbee counts it."""
    return min(max(round((transition_s or 0.0) * 10), 0), _LONGEST_TENTHS)


REGISTRY: dict[tuple[str, int], Converter] = {}

C = TypeVar("C", bound=type[Converter])


def converter(kind: C) -> C:
    """Register the decorated converter. Where a device offers a capability on two clusters, the
    one registered first is used."""
    key = (kind.name, kind.cluster_id)
    if key in REGISTRY:
        raise TypeError(f"{kind.name} on cluster {kind.cluster_id:#06x} is registered twice")
    REGISTRY[key] = kind()
    return kind


def converters_of(cluster_id: int) -> list[Converter]:
    """Those of one cluster, in the order in which they were registered."""
    return [each for (_, wanted), each in REGISTRY.items() if wanted == cluster_id]


def check_value(capability: Capability, value: State, device_name: str) -> State:
    """`value` as the capability takes it. Raises UnsupportedError with the limits."""
    what = capability.name.replace("_", " ")
    if not capability.writable:
        raise UnsupportedError(f"The {device_name}’s {what} can be read, but not set.")
    if capability.options:
        return _option(capability, value, device_name)
    if capability.minimum is None or capability.maximum is None:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnsupportedError(f"The {device_name}’s {what} is set by a number.")
    if not capability.minimum <= value <= capability.maximum:
        limits = f"{capability.minimum:g} to {capability.maximum:g} {capability.unit or ''}"
        raise UnsupportedError(f"The {device_name}’s {what} goes from {limits.strip()}.")
    return value


def _option(capability: Capability, value: State, device_name: str) -> State:
    """A word as the capability has it, whatever its case."""
    said = value.strip().casefold().replace(" ", "_") if isinstance(value, str) else value
    if said not in capability.options:
        *most, last = capability.options
        options = f"{', '.join(most)} or {last}" if most else last
        what = capability.name.replace("_", " ")
        raise UnsupportedError(f"The {device_name}’s {what} can be {options}.")
    return said
