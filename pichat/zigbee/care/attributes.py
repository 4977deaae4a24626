"""Reading and writing any attribute of a device, for the experienced."""

from __future__ import annotations

from typing import Any

from pichat.errors import NotConfirmedError, UnsupportedError
from pichat.zigbee.care.asking import Directory, Known, ask, words
from pichat.zigbee.care.places import Named, Place, Which, attribute, place
from pichat.zigbee.care.types import AttributeValue, Json
from pichat.zigbee.care.values import from_json, meaning, to_json, type_name, type_number
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session

_PAGE = 16
_MOST = 256
_AT_ONCE = 4
"""Attributes that are read with one message."""


class Attributes:
    """Raise NotFoundError, BadRequestError, UnsupportedError with the device's own status in
    words, DeviceSilentError and UnavailableError."""

    def __init__(self, directory: Directory, link: Link) -> None:
        self._directory = directory
        self._link = link

    async def read(
        self,
        wanted: str,
        cluster: Named,
        which: Named | None = None,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
    ) -> tuple[AttributeValue, ...]:
        """One attribute, asked now; without `which` every one that the device says it has."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            found = place(known, cluster, endpoint)
            if which is not None:
                one = attribute(found, which, manufacturer_code)
                return tuple(await self._read(session, known, found, [one], strict=True))
            listed = await self._discover(session, known, found, manufacturer_code)
            values: list[AttributeValue] = []
            for start in range(0, len(listed), _AT_ONCE):
                part = listed[start : start + _AT_ONCE]
                values += await self._read(session, known, found, part, strict=False)
            return tuple(values)

    async def write(
        self,
        wanted: str,
        cluster: Named,
        which: Named,
        value: Json,
        *,
        endpoint: int | None = None,
        manufacturer_code: int | None = None,
        type_: str | None = None,
    ) -> AttributeValue:
        """Write, and return what the device holds afterwards, read again. `type_` names the ZCL
        type where neither the ZCL nor the device tells it. Raises NotConfirmedError besides, when
        the device said yes and holds another value."""
        from zigpy.zcl.foundation import Attribute, DataType, TypeValue

        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            found = place(known, cluster, endpoint)
            one = attribute(found, which, manufacturer_code)
            number: Any = await self._type(session, known, found, one, type_)
            kind = one.definition.type if one.definition is not None and type_ is None else None
            python_type = DataType.from_type_id(number).python_type
            typed = from_json(value, kind or python_type, one.name)
            record = Attribute(one.id, TypeValue(type=number, value=typed))
            reply = await ask(
                session,
                known,
                lambda options: found.cluster.write_attributes_raw(
                    [record], manufacturer_code=one.manufacturer, **options
                ),
            )
            _written(known, reply)
            (told,) = await self._read(session, known, found, [one], strict=True)
        if told.value != to_json(record.value.value):
            raise NotConfirmedError(
                f"The {known.name} took it, but its {one.name} is {told.value} now."
            )
        return told

    async def _type(
        self, session: Session, known: Known, found: Place, one: Which, given: str | None
    ) -> int:
        if given is not None:
            return type_number(given)
        if one.definition is not None:
            return int(one.definition.zcl_type)
        (record,) = await _records(session, known, found, [one])
        if record.status != 0:
            raise known.refused(record.status)
        return int(record.value.type)

    async def _read(
        self, session: Session, known: Known, found: Place, which: list[Which], *, strict: bool
    ) -> list[AttributeValue]:
        """With `strict`, a refused attribute is an error; else it is left out."""
        by_id = {one.id: one for one in which}
        values = []
        for record in await _records(session, known, found, which):
            one = by_id[int(record.attrid)]
            if record.status != 0:
                if strict:
                    raise UnsupportedError(
                        f"The {known.name} did not tell its {one.name}: {words(record.status)}."
                    )
                continue
            values.append(_value(known, found, one, record.value))
        return values

    async def _discover(
        self, session: Session, known: Known, found: Place, manufacturer: int | None
    ) -> list[Which]:
        listed: list[Which] = []
        start = 0
        while len(listed) < _MOST:
            first = start
            reply = await ask(
                session,
                known,
                lambda options, first=first: found.cluster.discover_attributes(  # type: ignore[misc]
                    first, _PAGE, manufacturer=manufacturer, **options
                ),
            )
            records = getattr(reply, "attribute_info", None)
            if records is None:
                raise known.refused(reply.status)
            listed += [attribute(found, int(one.attrid), manufacturer) for one in records]
            if reply.discovery_complete or not records:
                break
            start = int(records[-1].attrid) + 1
        return listed


async def _records(session: Session, known: Known, found: Place, which: list[Which]) -> list[Any]:
    """The device's records, one for each attribute that it answered for."""
    reply = await ask(
        session,
        known,
        lambda options: found.cluster.read_attributes_raw(
            [one.id for one in which], manufacturer=which[0].manufacturer, **options
        ),
    )
    records = getattr(reply, "status_records", None)
    if records is None:
        raise known.refused(reply.status)
    asked = {one.id for one in which}
    return [record for record in records if int(record.attrid) in asked]


def _value(known: Known, found: Place, one: Which, typed: Any) -> AttributeValue:
    kind = one.definition.type if one.definition is not None else None
    if kind is not None:
        _tell_the_cluster(found, one, typed.value)
    return AttributeValue(
        device_id=known.id,
        name=known.name,
        endpoint=found.endpoint,
        cluster_id=int(found.cluster.cluster_id),
        cluster=found.name,
        attribute_id=one.id,
        attribute=one.name,
        type=type_name(int(getattr(typed, "type", 0))),
        value=to_json(getattr(typed, "value", typed)),
        meaning=meaning(getattr(typed, "value", None), kind),
        manufacturer_code=one.manufacturer,
    )


def _tell_the_cluster(found: Place, one: Which, value: Any) -> None:
    """What is read for the experienced is news for the rest of the house, too."""
    try:
        found.cluster.update_attribute(one.definition, one.definition.type(value))
    except (ValueError, TypeError, KeyError):
        return  # of another type than the ZCL says


def _written(known: Known, reply: Any) -> None:
    records = getattr(reply, "status_records", None)
    if records is None:
        raise known.refused(getattr(reply, "status", reply[-1]))
    for record in records:
        if record.status != 0:
            raise known.refused(record.status)
