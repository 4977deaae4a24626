"""What devices told last, kept without wearing out an SD card.

zigpy's database has a row for each attribute, and a page is the least that is written: a house that
reports every minute would touch all of its pages every minute. So zigpy is left to write the values
once an hour and at the stop (devices, joins and groups it writes at once), and meanwhile a short
row for each device is kept here, written once a minute where something was heard. After a crash
the row is newer than zigpy's values, and is taken over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from pichat.errors import UnavailableError
from pichat.store.kept import KeptDevices
from pichat.zigbee.presence.pace import Pace
from pichat.zigbee.view import DeviceView

if TYPE_CHECKING:
    from zigpy.device import ZigbeeDevice

    from pichat.zigbee.stick.radio import Session
    from pichat.zigbee.tasks import Tasks

log = structlog.get_logger(__name__)

EVERY_S = 60.0

_Value = tuple[int, int, int, Any]
"""Endpoint, cluster, attribute, and what it was: a number, a truth, a text or bytes."""


class _Kept(msgspec.Struct, array_like=True):
    heard_s: int
    silent: bool
    pace: Pace
    values: list[_Value]


class Kept:
    """Follows the radio, and tells new views what was known of their device."""

    def __init__(self, store: KeptDevices, views: Callable[[], list[DeviceView]]) -> None:
        self._store = store
        self._views = views
        self._saved: dict[str, bytes] = {}

    async def load(self) -> None:
        self._saved = await self._store.all()

    def recall(self, view: DeviceView, device: ZigbeeDevice) -> None:
        """Give the view what was kept, and zigpy's device the values that it had not written."""
        row = self._saved.get(view.id)
        if row is None:
            return
        try:
            kept = msgspec.msgpack.decode(row, type=_Kept)
        except msgspec.DecodeError as error:
            log.warning("kept state is damaged", device=view.id, reason=str(error))
            return
        view.silent, view.pace = kept.silent, kept.pace
        if kept.heard_s > (device.last_seen or 0.0):
            device.last_seen = float(kept.heard_s)
            for value in kept.values:
                _put(device, *value)

    async def forget(self, device_id: str) -> None:
        self._saved.pop(device_id, None)
        await self._store.forget(device_id)

    def follow(self, session: Session, tasks: Tasks) -> None:
        tasks.spawn(self._keep(session), "keep states")

    async def _keep(self, session: Session) -> None:
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                if await self.save():
                    # Rows for new devices: how they were set up has to survive a crash, too.
                    _write_now(session)
        finally:
            await self.save()

    async def save(self) -> bool:
        """Write what has changed. Returns whether devices were new."""
        rows = {view.id: _row(view) for view in self._views() if view.whole is None}
        changed = {each: row for each, row in rows.items() if self._saved.get(each) != row}
        new = not changed.keys() <= self._saved.keys()
        if changed:
            try:
                await self._store.save(changed)
            except UnavailableError as error:
                log.warning("states not kept", reason=error.sentence)
                return False
            self._saved |= changed
        return new


def _row(view: DeviceView) -> bytes:
    heard_s = int(view.zigpy.last_seen or 0)
    return msgspec.msgpack.encode(_Kept(heard_s, view.silent, view.pace, list(_values(view))))


def _values(view: DeviceView) -> Iterator[_Value]:
    told = [item for each in (view, *view.parts.values()) for item in each.reported().items()]
    for port, names in told:
        cluster = port.cluster
        for name in names:
            value = _plain(port.get(name))
            if value is not None:
                attribute = int(cluster.find_attribute(name).id)
                endpoint = int(cluster.endpoint.endpoint_id)  # in the interview, zigpy’s own type
                yield endpoint, int(cluster.cluster_id), attribute, value


def _plain(value: Any) -> bool | int | float | str | bytes | None:
    """A value without zigpy's type, or None when it is more than one number or text."""
    plain: type[Any]
    for plain in (bool, int, float, str, bytes):
        if isinstance(value, plain):
            found: bool | int | float | str | bytes = plain(value)
            return found
    return None


def _write_now(session: Session) -> None:
    """Have zigpy write what it holds back."""
    database: Any = session.app._dblistener  # noqa: SLF001
    database.enqueue("_flush_commit")


def _put(device: ZigbeeDevice, endpoint: int, cluster_id: int, attribute: int, value: Any) -> None:
    try:
        cluster = device.endpoints[endpoint].in_clusters[cluster_id]
        definition = cluster.find_attribute(attribute)
        # As zigpy loads its own: nobody is told, and no converter takes it for a new report.
        cluster._attr_cache.set_value(definition, definition.type(value))  # noqa: SLF001
    except (KeyError, ValueError, TypeError) as error:
        log.debug("kept value does not fit", device=str(device.ieee), reason=repr(error))
