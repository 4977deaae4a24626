"""What an hour of a hundred reporting devices writes to the disk.

Every device reports once a minute, by packets that are handed to zigpy with the times of that hour;
the minutes' savings and the hour's own are asked for as the clock would. Counted are the frames
that SQLite appends to both write-ahead logs, and the pages that it copies from there into the
databases at every thousandth frame (its default), which it is told not to do meanwhile, so that
no frame is overwritten before it was counted.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from scripts.benches.figure import Figure
from scripts.benches.hundred import hundred, paired
from tests.zigbee.many import house_of
from tests.zigbee.running import Running

if TYPE_CHECKING:
    from pichat.zigbee.air import Port

_MINUTES = 60
_WAL_HEADER, _FRAME_HEADER = 32, 24
_CHECKPOINT_FRAMES = 1000
_MB = 1e6


def _frames(log: Path) -> tuple[int, list[int]]:
    """The page size of a write-ahead log, and the page number of each frame."""
    data = log.read_bytes()
    page = int.from_bytes(data[8:12], "big")
    starts = range(_WAL_HEADER, len(data), _FRAME_HEADER + page)
    return page, [int.from_bytes(data[at : at + 4], "big") for at in starts]


def _bytes(log: Path, before: int) -> int:
    """What was written since there were `before` frames: those after, and their checkpoints."""
    page, numbers = _frames(log)
    new = numbers[before:]
    batches = [new[at : at + _CHECKPOINT_FRAMES] for at in range(0, len(new), _CHECKPOINT_FRAMES)]
    copied = sum(len(set(batch)) for batch in batches)
    return len(new) * (_FRAME_HEADER + page) + copied * page


class _Reports:
    """Reports of a house's devices, each of another value than the one before."""

    def __init__(self, running: Running) -> None:
        session = running.parts.link.open()
        self._app = session.app
        self._sequences = itertools.count()
        self._places: list[tuple[Port, str]] = []
        for view in running.parts.roster.announced():
            port, names = next(iter(view.reported().items()))
            self._places.append((port, names[0]))

    def minute(self, number: int, at_s: float) -> None:
        """One of every device, spread over the minute that begins at `at_s`."""
        for place, (port, name) in enumerate(self._places):
            packet = self._packet(port, name, number)
            packet.timestamp = datetime.fromtimestamp(at_s + place * 60 / len(self._places), UTC)
            self._app.packet_received(packet)

    def _packet(self, port: Port, name: str, number: int) -> Any:
        from zigpy.zcl import foundation

        t: Any = importlib.import_module("zigpy.types")
        cluster = port.cluster
        attribute = cluster.find_attribute(name)
        kind = foundation.DataType.from_python_type(attribute.type).type_id
        value = attribute.type(number % 2)
        report = foundation.Attribute(attribute.id, foundation.TypeValue(kind, value))
        head = bytes((0x18, next(self._sequences) % 256, 0x0A))
        return t.ZigbeePacket(
            src=t.AddrModeAddress(t.AddrMode.NWK, cluster.endpoint.device.nwk),
            src_ep=t.uint8_t(cluster.endpoint.endpoint_id),
            dst=t.AddrModeAddress(t.AddrMode.NWK, t.NWK(0)),
            dst_ep=t.uint8_t(1),
            profile_id=t.uint16_t(260),
            cluster_id=t.uint16_t(cluster.cluster_id),
            data=t.SerializableBytes(head + report.serialize()),
        )


def _minutes() -> Iterator[tuple[int, float]]:
    begin_s = time.time()
    return ((number, begin_s + number * 60) for number in range(_MINUTES))


async def _written(directory: Path, *, alone: bool) -> int:
    """Bytes in an hour; `alone` as zigpy does it by itself, every minute."""
    logs = [directory / "zigbee.db-wal", directory / "pichat.db-wal"]
    async with house_of(directory, hundred()) as (running, _):
        kept = running.parts.presence.kept
        database: Any = running.parts.link.open().app._dblistener  # noqa: SLF001
        await database.execute("PRAGMA wal_autocheckpoint = 0")
        await running.names._database.read("PRAGMA wal_autocheckpoint = 0")  # noqa: SLF001
        await _settled(running, database)
        before = [len(_frames(log)[1]) for log in logs]
        reports = _Reports(running)
        for number, at_s in _minutes():
            reports.minute(number, at_s)
            if alone:
                await _commit(database)
            else:
                await kept.save()
        await _commit(database)
        return sum(_bytes(log, count) for log, count in zip(logs, before, strict=True))


async def _settled(running: Running, database: Any) -> None:
    """What a start reads again has been read, and is on the disk."""
    for device in running.hub.devices():
        for capability in device.state:
            await running.hub.read(device.id, capability)
    await running.parts.presence.kept.save()
    await _commit(database)


async def _commit(database: Any) -> None:
    database.enqueue("_flush_commit")
    await database._callback_handlers.join()  # noqa: SLF001


def run() -> list[Figure]:
    with TemporaryDirectory() as directory:
        house, other = Path(directory) / "house", Path(directory) / "other"
        paired(house)
        shutil.copytree(house, other, ignore=shutil.ignore_patterns("control*"))
        written = asyncio.run(_written(house, alone=False))
        alone = asyncio.run(_written(other, alone=True))
    return [
        Figure(
            name="zigbee.database_bytes_an_hour",
            value=written / _MB,
            unit="MB",
            limit=2.0,
            peer=alone / _MB,
            peer_source="zigpy's own database, written every minute (its default: every half)",
            samples=_MINUTES * 100,
            note="100 devices, each reports every minute; an hour in a few seconds; logs and pages",
        )
    ]
