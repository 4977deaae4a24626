"""The contract of a manufacturer's peculiarity, and the registry of all that are known.

A definition makes a device speak as the Zigbee Cluster Library says: it replaces or adds clusters
whose classes turn what the device sends into standard attributes, and standard commands into what
the device understands. The converters of `kinds` then need not know of it. This is the only
mechanism; each file of `makers` defines and registers the devices of one family.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pichat.zigbee.air import Port
from pichat.zigbee.buttons import ButtonTable

if TYPE_CHECKING:
    from zigpy.zcl import Cluster

Reach = Callable[[int, int], Port | None]
"""A server cluster of the device, by endpoint and cluster id; None when it has none."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Which devices, and what is different with them.

    `models` and `manufacturers` are the exact texts that the device tells; no manufacturers means
    whoever. `servers` and `clients` are by endpoint: a class replaces the device's cluster of that
    id, or adds one that it does not have. `hidden` clusters say nothing to people, and capabilities
    `without` which it is, it only seems to have.
    """

    name: str
    models: frozenset[str]
    manufacturers: frozenset[str] = frozenset()
    servers: Mapping[int, tuple[type[Cluster], ...]] = field(default_factory=dict)
    clients: Mapping[int, tuple[type[Cluster], ...]] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    without: frozenset[str] = frozenset()
    skip_configuration: bool = False
    """It refuses bindings and reporting, and tells everything by itself."""
    buttons: ButtonTable | None = None
    """Its clusters are bound. None: by the standard table, where it is a remote."""
    prepare: Callable[[Reach], Awaitable[None]] | None = None
    """What it must be told when it joins. May raise SilentError and RefusedError."""
    polled: frozenset[int] = frozenset()
    """Clusters whose changes it does not report; they are read now and then."""


DEFINITIONS: dict[str, dict[str, Definition]] = {}
"""By model, then by manufacturer, or empty where it is for whoever."""


def define(definition: Definition) -> Definition:
    """Register it. A second definition for the same devices fails at start-up."""
    for model in definition.models:
        known = DEFINITIONS.setdefault(model, {})
        for manufacturer in definition.manufacturers or {""}:
            if manufacturer in known:
                raise TypeError(f"{manufacturer} {model} is defined twice")
            known[manufacturer] = definition
    return definition


def find(manufacturer: str | None, model: str | None) -> Definition | None:
    """The definition of a device by what it tells of itself; None for one that needs none."""
    known = DEFINITIONS.get(_text(model), {})
    return known.get(_text(manufacturer)) or known.get("")


def _text(told: str | None) -> str:
    return (told or "").strip("\0 ")
