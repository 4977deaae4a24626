"""A zigbee2mqtt installation: its network, its devices and their names.

`coordinator_backup.json` is an open-coordinator backup; `database.db` has one JSON object a line;
`configuration.yaml`, and the files it names, have what people call things.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from pichat.errors import BadRequestError, UnavailableError
from pichat.zigbee.backup.imported import (
    Found,
    FoundGroup,
    Imported,
    house_of,
    room,
    said,
    told_apart,
)
from pichat.zigbee.backup.open_coordinator import Backup, decode
from pichat.zigbee.backup.writing import Known, KnownEndpoint, KnownGroup, write_database

_NETWORK = "coordinator_backup.json"
_DEVICES = "database.db"
_SETTINGS = "configuration.yaml"
HUB = "zigbee2mqtt"
FILES = (_NETWORK, _DEVICES, _SETTINGS)


class _Endpoint(msgspec.Struct, kw_only=True, rename="camel"):
    prof_id: int | None = None
    dev_id: int | None = None
    in_cluster_list: list[int] = []
    out_cluster_list: list[int] = []


class _Member(msgspec.Struct, kw_only=True):
    device_ieee_addr: str = msgspec.field(name="deviceIeeeAddr")
    endpoint_id: int = msgspec.field(name="endpointID")


class _Line(msgspec.Struct, kw_only=True, rename="camel"):
    """A line of database.db: a device, the coordinator or a group."""

    type: str
    ieee_addr: str | None = None
    nwk_addr: int | None = None
    manuf_id: int | None = None
    manuf_name: str | None = None
    model_id: str | None = None
    power_source: str | None = None
    endpoints: dict[int, _Endpoint] = {}
    interview_completed: bool | None = None
    interview_state: str | None = None
    last_seen: float | None = None
    group_id: int | None = msgspec.field(default=None, name="groupID")
    members: list[_Member] = []

    @property
    def interviewed(self) -> bool:
        """Newer versions write a state, older ones whether it was completed."""
        done = self.interview_completed or self.interview_state == "SUCCESSFUL"
        return done and bool(self.endpoints)


def is_one(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (_NETWORK, _DEVICES))


async def read(folder: Path) -> Imported:
    """Raises BadRequestError when a file is damaged, and UnavailableError when it cannot be
    read."""
    problems: list[str] = []
    network = _network(folder, problems)
    lines = list(_lines(folder / _DEVICES)) if (folder / _DEVICES).exists() else []
    if not lines:
        problems.append(
            f"There is no {_DEVICES} with devices: they are known again once each has said"
            " something, and have no names."
        )
    names, group_names = _names(folder)
    known, found = _devices(lines, names, problems)
    groups = [_group(line, group_names) for line in lines if line.type == "Group"]
    people = [FoundGroup(each.name, tuple(id_ for id_, _ in each.members)) for each in groups]
    backup = Backup(
        network=None if network is None else network.network,
        made_s=time.time() if network is None else network.made_s,
        source=HUB,
        devices=len(known),
        database=await write_database(known, groups) if known else None,
        house=house_of(found, people),
    )
    return Imported(HUB, backup, tuple(found), tuple(problems))


def _network(folder: Path, problems: list[str]) -> Backup | None:
    path = folder / _NETWORK
    if not path.exists():
        problems.append(
            f"There is no {_NETWORK}: only the stick that zigbee2mqtt used knows the network. Keep"
            " that stick, or have zigbee2mqtt write the file (Settings, Tools, “Request z2m"
            " backup”)."
        )
        return None
    content = _content(path)
    if b'"adapterType"' in content[:4096] and b'"metadata"' not in content:
        raise BadRequestError(
            f"{path} is of the format before 2021. Start a newer zigbee2mqtt once, which writes it"
            " anew."
        )
    return decode(content, str(path))


def _lines(path: Path) -> Iterator[_Line]:
    for number, text in enumerate(_content(path).splitlines(), 1):
        if not text.strip():
            continue
        try:
            yield msgspec.json.decode(text, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequestError(
                f"Line {number} of {path} is damaged: {error}. zigbee2mqtt keeps an older copy"
                f" beside it ({path.name}.backup)."
            ) from error


def _devices(
    lines: list[_Line], names: dict[str, str], problems: list[str]
) -> tuple[list[Known], list[Found]]:
    known, found = [], []
    for line in lines:
        if line.type in ("Coordinator", "Group"):
            continue
        id_ = _id(line.ieee_addr)
        called = names.get(id_ or "", line.ieee_addr or "a device without an address")
        if line.type == "GreenPower":
            problems.append(f"{called} is a Green Power device: it has to be paired again.")
            continue
        if id_ is None or line.nwk_addr is None or not 0 < line.nwk_addr < 0xFFF8:
            problems.append(f"{called} has no usable address: it has to join again.")
            continue
        if not line.interviewed:
            problems.append(
                f"{called} was never fully interviewed: PiChat asks it when it is next heard."
            )
        known.append(_known(id_, line))
        name, area = _said(names.get(id_))
        model = " ".join(filter(None, (line.manuf_name, line.model_id)))
        found.append(Found(id_, name, area, model, line.interviewed))
    return known, told_apart(found)


def _known(id_: str, line: _Line) -> Known:
    endpoints = {
        number: KnownEndpoint(
            profile_id=endpoint.prof_id,
            device_type=endpoint.dev_id or 0,
            inputs=tuple(endpoint.in_cluster_list),
            outputs=tuple(endpoint.out_cluster_list),
        )
        for number, endpoint in line.endpoints.items()
        if endpoint.prof_id is not None and 0 < number < 255
    }
    return Known(
        id=id_,
        nwk=line.nwk_addr or 0,
        router=line.type == "Router",
        battery="battery" in (line.power_source or "battery").casefold(),
        manufacturer_code=line.manuf_id or 0,
        manufacturer=line.manuf_name,
        model=line.model_id,
        last_seen_s=(line.last_seen or 0) / 1000,
        endpoints=endpoints if line.interviewed else {},
    )


def _group(line: _Line, names: dict[int, str]) -> KnownGroup:
    number = line.group_id or 0
    members = tuple(
        (id_, member.endpoint_id)
        for member in line.members
        if (id_ := _id(member.device_ieee_addr)) is not None
    )
    return KnownGroup(number, said(names.get(number, "")) or f"group {number}", members)


def _id(address: str | None) -> str | None:
    """`0x00158d0001234567` as PiChat writes it."""
    digits = (address or "").removeprefix("0x").casefold()
    if len(digits) != 16 or not all(digit in "0123456789abcdef" for digit in digits):
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 16, 2))


def _said(name: str | None) -> tuple[str | None, str | None]:
    """Name and room; many write the room before a slash. One that was never named is called by
    its address."""
    if not name or _id(name) is not None:
        return None, None
    *rooms, last = (part for part in name.split("/") if part.strip())
    return said(last) or None, room(rooms[-1]) if rooms else None


def _names(folder: Path) -> tuple[dict[str, str], dict[int, str]]:
    """Friendly names of devices and of groups."""
    path = folder / _SETTINGS
    settings = _yaml(path) if path.exists() else {}
    devices = _entries(folder, settings.get("devices"), "devices.yaml")
    groups = _entries(folder, settings.get("groups"), "groups.yaml")
    by_id = {_id(str(key)): name for key, name in devices.items()}
    return (
        {id_: name for id_, name in by_id.items() if id_ is not None},
        {int(key): name for key, name in groups.items() if str(key).isdecimal()},
    )


def _entries(folder: Path, section: Any, usual: str) -> dict[Any, str]:
    """By key: written in place, or in the files that are named there."""
    if section is None and (folder / usual).exists():
        section = usual
    files = [section] if isinstance(section, str) else section
    if isinstance(files, list):
        section = {}
        for name in files:
            if isinstance(name, str) and (folder / name).is_file():
                section |= _yaml(folder / name)
    if not isinstance(section, dict):
        return {}
    return {
        key: entry["friendly_name"]
        for key, entry in section.items()
        if isinstance(entry, dict) and isinstance(entry.get("friendly_name"), str)
    }


class _Loader(yaml.SafeLoader):
    """`0x…` stays text: addresses are keys."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# What they keep elsewhere is of no interest here.
_Loader.add_multi_constructor("!", lambda *_: None)


def _yaml(path: Path) -> dict[Any, Any]:
    try:
        content = yaml.load(_content(path), _Loader)  # noqa: S506 (a SafeLoader)
    except yaml.YAMLError as error:
        raise BadRequestError(f"{path} is not YAML: {error}.") from error
    return content if isinstance(content, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}.") from error
