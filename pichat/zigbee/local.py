"""Clusters that definitions are made of. Imports zigpy, so only `makers` imports it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import zigpy.types as t
from zigpy.zcl import Cluster, foundation
from zigpy.zcl.clusters.general import PowerConfiguration
from zigpy.zcl.clusters.measurement import OccupancySensing

OCCUPANCY, BATTERY = 0x0406, 0x0001


def attribute(
    number: int, kind: type[Any], manufacturer: int | None = None
) -> foundation.ZCLAttributeDef:
    """A manufacturer's own attribute, of one of zigpy's types; with its code, where it stands in
    one of the library's clusters and is told apart by that."""
    access = foundation.ZCLAttributeAccess.Read | foundation.ZCLAttributeAccess.Write
    own: Any = {} if manufacturer is None else {"manufacturer_code": manufacturer}
    return foundation.ZCLAttributeDef(id=t.uint16_t(number), type=kind, access=access, **own)  # type: ignore[no-untyped-call]


class Made(Cluster):
    """A cluster that differs from the library's in what `heard` says, or in `fixed` values."""

    _skip_registry = True
    fixed: ClassVar[Mapping[str, Any]] = {}
    """Attributes whose value is known without the device; what it tells of them is ignored."""

    def heard(self, attribute: int, value: Any) -> Any:
        """What to keep of a value that the device told; None: nothing."""
        del attribute
        return value

    def tell(self, cluster_id: int, attribute: str, value: Any, *, endpoint: int = 1) -> None:
        """Set an attribute of a server cluster of the same device, as if it had reported it."""
        cluster = self.endpoint.device.endpoints[endpoint].in_clusters[cluster_id]
        found = cluster.find_attribute(attribute)
        cluster.update_attribute(found.id, found.type(value))

    def get(self, key: Any, default: Any = None) -> Any:
        if self.fixed and (name := self.find_attribute(key).name) in self.fixed:
            return self.fixed[name]
        return super().get(key, default)

    def _update_attribute(self, attrid: Any, value: Any) -> None:
        number = int(getattr(attrid, "id", attrid))
        if value is not None and (value := self.heard(number, value)) is None:
            return
        super()._update_attribute(attrid, value)


class Local(Made):
    """A cluster that the device does not have: other messages fill it, and nothing is sent.

    `tells` are the attributes that it may get; converters see no others. `local` is known to who
    sets devices up: there is nothing to bind.
    """

    local = True
    tells: ClassVar[frozenset[str]] = frozenset()
    source: ClassVar[tuple[int, int, str] | None] = None
    """Endpoint, cluster and attribute that can be read instead, on a device that listens."""

    def is_attribute_unsupported(self, attr: Any) -> bool:
        return self.find_attribute(attr).name not in self.tells | self.fixed.keys()

    async def read_attributes(self, attributes: Any, *_: Any, **options: Any) -> Any:
        """What was told last, or is told now where there is a source."""
        if self.source is not None:
            endpoint, cluster_id, attribute = self.source
            asked = self.endpoint.device.endpoints[endpoint].in_clusters[cluster_id]
            await asked.read_attributes([attribute], **options)
        told = {name: self.get(name) for name in attributes}
        return {name: value for name, value in told.items() if value is not None}, {}

    async def write_attributes(
        self, attributes: Any, *_: Any, update_cache: bool = True, **options: Any
    ) -> Any:
        del update_cache  # what was written is never yet what the device holds
        for name, value in attributes.items():
            await self.wanted(self.find_attribute(name).name, value, options)
        return [[foundation.WriteAttributesStatusRecord(status=foundation.Status.SUCCESS)]]

    async def command(self, command_id: Any, *args: Any, **options: Any) -> Any:
        found = self.server_commands[command_id]
        names = [one.name for one in found.schema.fields]
        fields = dict(zip(names, args, strict=False))
        fields |= {name: options.pop(name) for name in names if name in options}
        await self.ordered(found.name, fields, options)
        return foundation.GENERAL_COMMANDS[foundation.GeneralCommand.Default_Response].schema(
            command_id=command_id, status=foundation.Status.SUCCESS
        )

    async def bind(self, **_: Any) -> Any:
        return [foundation.Status.SUCCESS]

    async def configure_reporting_multiple(self, config: Any) -> Any:
        return dict.fromkeys(config, foundation.Status.SUCCESS)

    async def wanted(self, attribute: str, value: Any, options: Mapping[str, Any]) -> None:
        """Somebody writes an attribute. `options` are zigpy's for a request: retries, priority.
        Raises what zigpy raises when the device does not answer."""
        raise NotImplementedError(f"{type(self).__name__}.{attribute}")

    async def ordered(
        self, command: str, fields: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        """Somebody sends a command; as `wanted`."""
        raise NotImplementedError(f"{type(self).__name__}.{command}")


class LocalBattery(Local, PowerConfiguration):
    """Filled by what the manufacturer tells elsewhere."""

    tells = frozenset({"battery_percentage_remaining"})


class Momentary(Made, OccupancySensing):
    """Occupancy of a sensor that tells only the beginning: `clear_s` after the last time that it
    saw somebody, nobody is there."""

    clear_s: ClassVar[float] = 90.0
    _timer: asyncio.TimerHandle | None = None

    def heard(self, attribute: int, value: Any) -> Any:
        if attribute == 0:
            self.clear_after(self.clear_s if int(value) & 1 else None)
        return value

    def clear_after(self, delay_s: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if delay_s is not None:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._clear)

    def resume(self) -> None:
        """After a start: nobody knows when what is remembered was seen."""
        if self._timer is None and int(self.get("occupancy") or 0) & 1:
            self.clear_after(self.clear_s)

    def _clear(self) -> None:
        self._timer = None
        self.update_attribute(0, 0)


class LocalOccupancy(Local, Momentary):
    """Of a sensor that tells of people in another way."""

    tells = frozenset({"occupancy"})

    def seen(self, for_s: float | None = None) -> None:
        self.update_attribute(0, 1)
        if for_s is not None:
            self.clear_after(for_s)
