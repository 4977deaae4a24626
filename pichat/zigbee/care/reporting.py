"""How often a device reports an attribute by itself."""

from __future__ import annotations

from typing import Any

from pichat.errors import BadRequestError, NotConfirmedError, NotFoundError
from pichat.zigbee.care.asking import Directory, Known, ask
from pichat.zigbee.care.places import Named, Place, Which, attribute, place
from pichat.zigbee.care.types import Reporting
from pichat.zigbee.care.values import type_name
from pichat.zigbee.link import Link
from pichat.zigbee.stick.radio import Session

_NOT_FOUND = 0x8B
_UNREPORTABLE = 0x8C
_MOST_S = 0xFFFF


class ReportingTable:
    """Raise NotFoundError, BadRequestError, UnsupportedError with the device's own status in
    words, DeviceSilentError and UnavailableError."""

    def __init__(self, directory: Directory, link: Link) -> None:
        self._directory = directory
        self._link = link

    async def read(
        self, wanted: str, cluster: Named, which: Named, *, endpoint: int | None = None
    ) -> Reporting:
        """What the device says that it does."""
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            found = place(known, cluster, endpoint)
            return await self._read(session, known, found, _defined(found, which))

    async def configure(
        self,
        wanted: str,
        cluster: Named,
        which: Named,
        *,
        min_interval_s: int,
        max_interval_s: int,
        change: float | None = None,
        endpoint: int | None = None,
    ) -> Reporting:
        """Change it, and return what the device says afterwards. A `max_interval_s` of 65535 ends
        the reports. Raises NotConfirmedError besides, when it says something else."""
        if not 0 <= min_interval_s <= _MOST_S or not 0 <= max_interval_s <= _MOST_S:
            raise BadRequestError(f"Intervals go from 0 to {_MOST_S} s.")
        if max_interval_s and min_interval_s > max_interval_s:
            raise BadRequestError("The least interval is longer than the longest.")
        async with self._link.under_way() as session:
            known = self._directory.find(session, wanted)
            found = place(known, cluster, endpoint)
            one = _defined(found, which)
            config = _config(one, min_interval_s, max_interval_s, change)
            reply = await ask(
                session,
                known,
                lambda options: found.cluster._configure_reporting(  # noqa: SLF001
                    [config], manufacturer=one.manufacturer, **options
                ),
            )
            _configured(known, reply)
            told = await self._read(session, known, found, one)
        if max_interval_s != _MOST_S and (told.min_interval_s, told.max_interval_s) != (
            min_interval_s,
            max_interval_s,
        ):
            raise NotConfirmedError(
                f"The {known.name} took it, but reports its {one.name} between"
                f" {told.min_interval_s} and {told.max_interval_s} s."
            )
        return told

    async def _read(self, session: Session, known: Known, found: Place, one: Which) -> Reporting:
        from zigpy.zcl.foundation import GeneralCommand, ReadReportingConfigRecord

        record = ReadReportingConfigRecord(direction=0, attrid=one.id)
        reply = await ask(
            session,
            known,
            lambda options: found.cluster.general_command(
                GeneralCommand.Read_Reporting_Configuration,
                [record],
                manufacturer=one.manufacturer,
                **options,
            ),
        )
        configs = getattr(reply, "attribute_configs", None)
        if not configs:
            raise known.refused(getattr(reply, "status", 1))
        (told,) = configs
        if told.status not in (0, _NOT_FOUND, _UNREPORTABLE):
            raise known.refused(told.status)
        config = told.config if told.status == 0 else None
        change = getattr(config, "reportable_change", None)
        return Reporting(
            device_id=known.id,
            name=known.name,
            endpoint=found.endpoint,
            cluster=found.name,
            attribute=one.name,
            type=type_name(int(one.definition.zcl_type)),
            min_interval_s=None if config is None else int(config.min_interval),
            max_interval_s=None if config is None else int(config.max_interval),
            change=None if change is None else float(change),
        )


def _defined(found: Place, which: Named) -> Which:
    one = attribute(found, which)
    if one.definition is None:
        raise NotFoundError(f"The {found.name} cluster has no attribute {one.name} in the ZCL.")
    return one


def _config(one: Which, min_s: int, max_s: int, change: float | None) -> Any:
    from zigpy.zcl.foundation import (
        AttributeReportingConfig,
        DataType,
        ReportingDirection,
    )

    kind = DataType.from_type_id(one.definition.zcl_type).python_type
    config: Any = AttributeReportingConfig()
    config.direction = ReportingDirection.SendReports
    config.attrid = one.id
    config.datatype = one.definition.zcl_type
    config.min_interval = min_s
    config.max_interval = max_s
    whole = issubclass(kind, int)
    try:
        config.reportable_change = kind(int(change or 0)) if whole else kind(change or 0.0)
    except ValueError as error:
        raise BadRequestError(f"A change of {change:g} does not fit the type.") from error
    return config


def _configured(known: Known, reply: Any) -> None:
    status = getattr(reply, "status", None)
    if status is not None and status != 0:
        raise known.refused(status)
    for record in getattr(reply, "status_records", None) or ():
        if record.status != 0:
            raise known.refused(record.status)
