"""What a cluster file declares: its attributes, its commands and its values for people."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from pichat.simulator.errors import SimulatorError
from pichat.simulator.node.types import Value
from pichat.simulator.wire.codec import Reader


class Status(enum.IntEnum):
    """ZCL status codes (ZCL 8, table 2-12)."""

    SUCCESS = 0x00
    FAILURE = 0x01
    NOT_AUTHORIZED = 0x7E
    MALFORMED_COMMAND = 0x80
    UNSUPPORTED_COMMAND = 0x81
    UNSUPPORTED_GENERAL_COMMAND = 0x82
    INVALID_FIELD = 0x85
    UNSUPPORTED_ATTRIBUTE = 0x86
    INVALID_VALUE = 0x87
    READ_ONLY = 0x88
    INSUFFICIENT_SPACE = 0x89
    NOT_FOUND = 0x8B
    UNREPORTABLE_ATTRIBUTE = 0x8C
    INVALID_DATA_TYPE = 0x8D
    UNSUPPORTED_CLUSTER = 0xC3


class Attribute(NamedTuple):
    """`least` and `most`, given together, bound what may be written."""

    id: int
    kind: int
    default: Value
    writable: bool = False
    reportable: bool = True
    least: int | None = None
    most: int | None = None


class Answer(NamedTuple):
    """A response; to a cluster command it is one of the same cluster, unless it is `general`."""

    command: int
    payload: bytes
    general: bool = False


class Request(NamedTuple):
    """A received cluster command and where it came from."""

    fields: Reader
    source: int
    source_endpoint: int
    unicast: bool


Outcome = Status | Answer | None  # None: no response at all
Handler = Callable[[Any, Request], Outcome]
HandlerT = TypeVar("HandlerT", bound=Handler)


def command(number: int) -> Callable[[HandlerT], HandlerT]:
    """Marks a method as the handler of a received cluster command."""

    def mark(handler: HandlerT) -> HandlerT:
        handler.__dict__.setdefault("zcl_commands", []).append(number)
        return handler

    return mark


@dataclass(frozen=True)
class Quantity:
    """A value in human units: bool, percent, kelvin, degrees Celsius, watt and so on.

    `put` raises SimulatorError with a sentence when the value does not fit; None: cannot be set.
    """

    unit: str
    get: Callable[[], Value]
    put: Callable[[Any], None] | None = None


class Host(Protocol):
    """What a cluster may ask of the device that carries it. `eui64` is in wire order."""

    eui64: bytes
    options: dict[str, Any]

    def changed(self, cluster: Cluster, attribute: int) -> None:
        """The attribute has a new value: report it where that was asked for."""

    def command(self, cluster: Cluster, number: int, payload: bytes) -> None:
        """Sends a cluster command to every destination that the cluster is bound to."""

    def command_to(self, cluster: Cluster, number: int, payload: bytes, eui64: bytes) -> None:
        """Sends a cluster command to endpoint 1 of one node, without a binding."""

    def command_at(
        self, cluster: Cluster, number: int, payload: bytes, address: int, endpoint: int
    ) -> None:
        """Sends a cluster command to one endpoint of the node with a network address."""

    def speak(
        self, cluster: Cluster, build: Callable[[int], bytes], *, bound: bool = False
    ) -> None:
        """Sends a whole ZCL frame, which `build` makes for a sequence number: where the cluster is
        bound to, or to the coordinator's endpoint 1 without a binding."""

    def sibling(self, cluster: Cluster, cluster_id: int) -> Cluster | None:
        """Another server cluster on the same endpoint."""
        ...

    def servers_beside(self, cluster: Cluster) -> list[Cluster]:
        """All server clusters on the same endpoint, itself included."""
        ...

    def groups_of(self, cluster: Cluster) -> set[int]:
        """The groups that the cluster's endpoint belongs to; may be changed in place."""
        ...

    def later(self, delay_s: float, action: Callable[[], None]) -> Callable[[], None]:
        """Runs `action` unless the device stops first; returns what cancels it."""
        ...

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        ...

    def poll_s(self) -> float:
        """How often the device fetches its messages; 0: it listens always."""
        ...

    def set_poll(self, poll_s: float) -> None: ...
    def listen(self, duration_s: float) -> None:
        """Fetches what is there, and listens for so long; 0: goes to sleep at once."""


@dataclass(eq=False)
class Cluster:
    """A cluster on an endpoint. Subclasses set `id`, `attributes` and methods marked `@command`.

    `is_server` False: the client side (the device sends the commands).
    """

    id: ClassVar[int]
    attributes: ClassVar[tuple[Attribute, ...]] = ()
    commands: ClassVar[dict[int, Handler]] = {}
    generated: ClassVar[tuple[int, ...]] = ()  # command ids that the server may send
    host: Host
    endpoint: int
    is_server: bool = True
    values: dict[int, Value] = field(default_factory=dict)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        commands = dict(cls.commands)
        for member in vars(cls).values():
            for number in getattr(member, "zcl_commands", ()):
                commands[number] = member
        cls.commands = commands

    def __post_init__(self) -> None:
        self.known = {attribute.id: attribute for attribute in self.attributes}
        self.values = {attribute.id: attribute.default for attribute in self.attributes}
        self.set_up()

    def set_up(self) -> None:
        """For subclasses: further fields, and defaults that depend on the house file's options."""

    def start(self) -> None:
        """The device has power: resume what runs by itself (movement, metering)."""

    def number(self, attribute: int) -> int:
        return int(self.values[attribute])

    def set(self, attribute: int, value: Value) -> None:
        if self.values[attribute] != value:
            self.values[attribute] = value
            self.host.changed(self, attribute)

    def write(self, attribute: Attribute, value: Value) -> Status:
        """A host writes; subclasses add consequences. The type has been checked."""
        if not attribute.writable:
            return Status.READ_ONLY
        low, high = attribute.least, attribute.most
        if low is not None and high is not None and not low <= int(value) <= high:
            return Status.INVALID_VALUE
        self.set(attribute.id, value)
        return Status.SUCCESS

    def quantities(self) -> dict[str, Quantity]:
        """The values for people, by name."""
        return {}

    def lie(self, command: int) -> Outcome:  # noqa: ARG002
        """What a device answers that says it did the command, and did not; None: about this
        command it tells the truth."""
        return Status.SUCCESS

    def power_up(self) -> None:
        """Power has come back: the start-up state. Called before `start`."""

    def press(self) -> bool:
        """Somebody presses the device's own button; False: this cluster has none."""
        return False

    def switched(self, on: bool) -> None:
        """The on/off cluster beside this one was switched."""

    def scene(self) -> bytes:
        """The cluster's part of a stored scene (ZCL 8, section 3.7.2.3.2); empty: none."""
        return b""

    def recall(self, stored: Reader, transition_s: float) -> None:
        """Restores what `scene` gave."""

    def dump(self) -> dict[str, Value]:
        """What differs from a new device, to be kept over a restart."""
        return {
            f"{number:04x}": value
            for number, value in self.values.items()
            if value != self.known[number].default
        }

    def load(self, kept: dict[str, Value]) -> None:
        for name, value in kept.items():
            number = int(name, 16)
            if number in self.known:
                self.values[number] = value


def need_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SimulatorError(f"{value!r} is not true or false.")
    return value


def need_number(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SimulatorError(f"{value!r} is not a number.")
    if not least <= value <= most:
        raise SimulatorError(f"{value:g} is not between {least:g} and {most:g}.")
    return float(value)
