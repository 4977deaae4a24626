"""A backup as a document: the open-coordinator format, which other hubs read as well.

What PiChat adds stands under `metadata.internal.pichat`, where others keep their own: the device
database, so that nobody has to be interviewed again, and what people said of the devices. An
installation that holds no network settings gives a document without the network's fields.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from pichat.errors import BadRequestError

if TYPE_CHECKING:
    from zigpy.backups import NetworkBackup

FORMAT = "zigpy/open-coordinator-backup"
WITHOUT_NETWORK = "pichat/devices"
_LARGEST_DATABASE = 256 * 1024 * 1024
_SECURITY_LEVEL = 5  # that of every Zigbee 3.0 network; zigbee2mqtt leaves it out at times

_Address = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{16}$")]
_Key = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{32}$")]
_Short = Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{1,4}$")]
_Counter = Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)]


class _PiChat(msgspec.Struct, kw_only=True):
    """`database`: zigpy's file, deflated, in base64. `house`: by section."""

    version: int = 1
    source: str = "PiChat"
    database: str | None = None
    devices: int = 0
    fingerprint: str = ""
    house: dict[str, Any] = {}


class _Internal(msgspec.Struct, kw_only=True):
    creation_time: str | None = None
    date: str | None = None  # zigbee2mqtt's name for it
    pichat: _PiChat | None = None


class _Metadata(msgspec.Struct, kw_only=True):
    format: str
    version: int
    source: str = ""
    internal: _Internal = msgspec.field(default_factory=_Internal)


class _LinkKey(msgspec.Struct, kw_only=True):
    key: _Key
    tx_counter: _Counter
    rx_counter: _Counter


class _Device(msgspec.Struct, kw_only=True):
    ieee_address: _Address
    nwk_address: _Short | None
    link_key: _LinkKey | msgspec.UnsetType = msgspec.UNSET


class _NetworkKey(msgspec.Struct, kw_only=True):
    key: _Key
    sequence_number: Annotated[int, msgspec.Meta(ge=0, le=255)]
    frame_counter: _Counter


class _Head(msgspec.Struct, kw_only=True):
    metadata: _Metadata


class _Whole(msgspec.Struct, kw_only=True):
    """All that zigpy needs of it. It checks little by itself."""

    metadata: _Metadata
    coordinator_ieee: _Address
    pan_id: _Short
    extended_pan_id: _Address
    nwk_update_id: Annotated[int, msgspec.Meta(ge=0, le=255)]
    security_level: Annotated[int, msgspec.Meta(ge=0, le=7)] | None = None
    channel: Annotated[int, msgspec.Meta(ge=11, le=26)]
    channel_mask: list[Annotated[int, msgspec.Meta(ge=11, le=26)]]
    network_key: _NetworkKey
    devices: list[_Device]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a backup. The network's fields are None where it has none; `complete`: it
    brings the devices back by itself, as PiChat's own do and those of other hubs do not."""

    made_s: float
    source: str
    devices: int
    complete: bool
    coordinator_id: str | None = None
    channel: int | None = None
    pan_id: int | None = None
    extended_pan_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Backup:
    """`database` is the content of a zigbee.db, `house` what people said, by section;
    `fingerprint` tells whether two hold the same, counters aside."""

    network: NetworkBackup | None
    made_s: float
    devices: int = 0
    source: str = "PiChat"
    database: bytes | None = None
    fingerprint: str = ""
    house: Mapping[str, Any] = field(default_factory=dict)

    def summary(self) -> Summary:
        network: dict[str, Any] = {}
        if self.network is not None:
            info = self.network.network_info
            network = {
                "coordinator_id": str(self.network.node_info.ieee),
                "channel": int(info.channel),
                "pan_id": int(info.pan_id),
                "extended_pan_id": str(info.extended_pan_id),
            }
        return Summary(
            made_s=self.made_s,
            source=self.source,
            devices=self.devices,
            complete=self.database is not None,
            **network,
        )


def encode(backup: Backup) -> bytes:
    """JSON that people can look into."""
    internal: dict[str, Any] = {"creation_time": _iso(backup.made_s)}
    document: dict[str, Any] = {
        "metadata": {"version": 1, "format": WITHOUT_NETWORK, "source": backup.source}
    }
    if backup.network is not None:
        document = backup.network.as_open_coordinator_json()
        internal = document["metadata"]["internal"] | internal
        # Its own may be missing from what came from elsewhere.
        document["metadata"]["source"] = backup.network.network_info.source or backup.source
    packed = None
    if backup.database is not None:
        packed = base64.b64encode(zlib.compress(backup.database)).decode()
    internal["pichat"] = _PiChat(
        source=backup.source,
        database=packed,
        devices=backup.devices,
        fingerprint=backup.fingerprint,
        house=dict(backup.house),
    )
    document["metadata"]["internal"] = internal
    # Numbers are of zigpy's own types, which only this encoder takes for what they are.
    return json.dumps(document, indent=2, default=msgspec.to_builtins).encode()


def decode(content: bytes, what: str) -> Backup:
    """`what` names it in sentences. Raises BadRequestError when it is not a whole backup."""
    head, whole = _parse(content, what)
    ours = head.metadata.internal.pichat
    database = None
    if ours is not None and ours.database is not None:
        database = _unpack(ours.database, what)
    network = None if whole is None else _network(content, what)
    return Backup(
        network=network,
        made_s=_made_s(head.metadata.internal, what),
        devices=_count(ours, whole),
        source=head.metadata.source if ours is None else ours.source,
        database=database,
        fingerprint="" if ours is None else ours.fingerprint,
        house={} if ours is None else ours.house,
    )


def summarise(content: bytes, what: str) -> tuple[Summary, str]:
    """What a backup holds, and its fingerprint, without loading zigpy. Raises as `decode`."""
    head, whole = _parse(content, what)
    ours = head.metadata.internal.pichat
    network: dict[str, Any] = {}
    if whole is not None:
        network = {
            "coordinator_id": _colons(whole.coordinator_ieee),
            "channel": whole.channel,
            "pan_id": int(whole.pan_id, 16),
            "extended_pan_id": _colons(whole.extended_pan_id),
        }
    summary = Summary(
        made_s=_made_s(head.metadata.internal, what),
        source=head.metadata.source if ours is None else ours.source,
        devices=_count(ours, whole),
        complete=ours is not None and ours.database is not None,
        **network,
    )
    return summary, "" if ours is None else ours.fingerprint


def _parse(content: bytes, what: str) -> tuple[_Head, _Whole | None]:
    try:
        head = msgspec.json.decode(content, type=_Head)
        if head.metadata.format not in (FORMAT, WITHOUT_NETWORK):
            raise BadRequestError(
                f"{what} is of the format “{head.metadata.format}”, not “{FORMAT}”."
            )
        if head.metadata.version != 1:
            raise BadRequestError(
                f"{what} is of version {head.metadata.version} of the backup format, and this"
                " PiChat knows version 1. A newer PiChat may read it."
            )
        ours = head.metadata.internal.pichat
        if ours is not None and ours.version != 1:
            raise BadRequestError(f"{what} was written by a newer PiChat. Install that one first.")
        if head.metadata.format == WITHOUT_NETWORK:
            return head, None
        return head, msgspec.json.decode(content, type=_Whole)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError(f"{what} is damaged or no backup of a network: {error}.") from error


def _network(content: bytes, what: str) -> NetworkBackup:
    from zigpy.backups import NetworkBackup  # half a second of imports

    document: dict[str, Any] = msgspec.json.decode(content)
    internal = document["metadata"].setdefault("internal", {})
    internal.pop("pichat", None)
    document["pan_id"] = document["pan_id"].zfill(4)
    document["metadata"].setdefault("source", "")
    document["security_level"] = document.get("security_level") or _SECURITY_LEVEL
    try:
        backup = NetworkBackup.from_open_coordinator_json(document)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadRequestError(
            f"{what} is damaged: it cannot be read as a network ({error!r})."
        ) from error
    if not backup.is_complete():
        raise BadRequestError(
            f"{what} does not hold all of a network: its key, channel, addresses or PAN is missing."
        )
    return backup


def _unpack(packed: str, what: str) -> bytes:
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode(packed, validate=True), _LARGEST_DATABASE)
    except (ValueError, zlib.error) as error:
        raise BadRequestError(f"{what} is damaged: its device database is unreadable.") from error
    if not unpacker.eof:
        raise BadRequestError(f"{what} is damaged: its device database is cut off.")
    return content


def _count(ours: _PiChat | None, whole: _Whole | None) -> int:
    if ours is not None:
        return ours.devices
    return 0 if whole is None else len(whole.devices)


def _made_s(internal: _Internal, what: str) -> float:
    written = internal.date or internal.creation_time
    if written is None:
        return 0.0
    try:
        made = datetime.fromisoformat(written)
    except ValueError as error:
        raise BadRequestError(f"{what} is damaged: “{written}” is no time.") from error
    return (made if made.tzinfo else made.replace(tzinfo=UTC)).timestamp()


def _iso(made_s: float) -> str:
    return datetime.fromtimestamp(made_s, UTC).isoformat()


def _colons(address: str) -> str:
    """As zigpy writes addresses."""
    return ":".join(address[at : at + 2] for at in range(0, 16, 2)).lower()
