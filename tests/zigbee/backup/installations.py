"""What other hubs would have written, had the simulated house been theirs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import yaml
from zigpy.appdb_schemas import SCHEMAS

from pichat.simulator.ncp.memory import StickMemory
from pichat.simulator.state import load_state, save_state

OTHER_STICK = bytes.fromhex("8877665544332211")
Rows = list[tuple[Any, ...]]


def rows(house: Path, table: str, columns: str) -> Rows:
    """Of the paired hub's own database."""
    with closing(sqlite3.connect(house / "zigbee.db")) as database:
        return list(database.execute(f"SELECT {columns} FROM {table}_v16"))


def swap_stick(house: Path, *, rewritable: bool = True) -> None:
    """A new stick that holds no network; the devices go on believing in theirs."""
    state = load_state(house / "stick.json")
    state.stick = StickMemory(eui64=OTHER_STICK, rewritable=rewritable)
    save_state(house / "stick.json", state)


def forget_hub(house: Path) -> None:
    """The state directory is gone; stick and devices are not touched."""
    for path in house.iterdir():
        if path.name.startswith(("zigbee.", "pichat.")):
            path.unlink()


def _network(house: Path) -> dict[str, Any]:
    newest = rows(house, "network_backups", "backup_json")[-1][0]
    network: dict[str, Any] = json.loads(newest)
    return network


def _plain(address: str) -> str:
    return address.replace(":", "")


def _basic(house: Path) -> dict[str, dict[int, str]]:
    """Manufacturer (4) and model (5) by device."""
    found: dict[str, dict[int, str]] = {}
    for ieee, attribute, value in [
        (ieee, attribute, value)
        for ieee, cluster, attribute, value in rows(
            house, "attributes_cache", "ieee, cluster_id, attr_id, value"
        )
        if cluster == 0 and attribute in (4, 5)
    ]:
        found.setdefault(ieee, {})[attribute] = value
    return found


# --- zigbee2mqtt ---------------------------------------------------------------------------------


def coordinator_backup(house: Path) -> dict[str, Any]:
    network = _network(house)
    info, node = network["network_info"], network["node_info"]
    return {
        "metadata": {
            "format": "zigpy/open-coordinator-backup",
            "version": 1,
            "source": "zigbee-herdsman@2.1.4",
            "internal": {"date": "2026-11-20T17:03:11.123Z", "ezspVersion": 13},
        },
        "stack_specific": info["stack_specific"],
        "coordinator_ieee": _plain(node["ieee"]),
        "pan_id": info["pan_id"].lower(),
        "extended_pan_id": _plain(info["extended_pan_id"]),
        "nwk_update_id": info["nwk_update_id"],
        "security_level": 5,
        "channel": info["channel"],
        "channel_mask": [info["channel"]],
        "network_key": {
            "key": _plain(info["network_key"]["key"]),
            "sequence_number": 0,
            "frame_counter": info["network_key"]["tx_counter"],
        },
        "devices": [],
    }


def database_lines(house: Path) -> list[dict[str, Any]]:
    """The coordinator, the devices and one group."""
    basic = _basic(house)
    nodes = {row[0]: row for row in rows(house, "node_descriptors", "*")}
    lines: list[dict[str, Any]] = []
    for ieee, nwk, _, last_seen in rows(house, "devices", "*"):
        logical_type, capabilities, code = nodes[ieee][1], nodes[ieee][7], nodes[ieee][8]
        endpoints = _endpoints(house, ieee)
        line = {
            "id": len(lines) + 1,
            "type": ("Coordinator", "Router", "EndDevice")[logical_type],
            "ieeeAddr": f"0x{_plain(ieee)}",
            "nwkAddr": nwk,
            "manufId": code,
            "epList": [int(number) for number in endpoints],
            "endpoints": endpoints,
            "interviewCompleted": True,
            "interviewState": "SUCCESSFUL",
            "meta": {"configured": 123},
        }
        if nwk:
            line |= {
                "manufName": basic[ieee][4],
                "modelId": basic[ieee][5],
                "powerSource": "Mains (single phase)" if capabilities & 4 else "Battery",
                "lastSeen": int(last_seen * 1000),
                "zclVersion": 3,
                "useImplicitCheckin": True,
            }
        lines.append(line)
    return lines


def _endpoints(house: Path, ieee: str) -> dict[str, dict[str, Any]]:
    clusters = [row[1:] for row in rows(house, "clusters", "*") if row[0] == ieee]
    return {
        str(number): {
            "profId": profile,
            "epId": number,
            "devId": device_type,
            "inClusterList": [c for ep, side, c in clusters if (ep, side) == (number, 0)],
            "outClusterList": [c for ep, side, c in clusters if (ep, side) == (number, 1)],
            "clusters": {"genBasic": {"attributes": {"zclVersion": 3}}},
            "binds": [],
            "configuredReportings": [],
            "meta": {},
        }
        for owner, number, profile, device_type, _ in rows(house, "endpoints", "*")
        if owner == ieee
    }


def zigbee2mqtt(
    house: Path, folder: Path, names: dict[str, str], group: tuple[str, ...] = ()
) -> None:
    """`names` are friendly names by device id; `group` is of the devices' ids."""
    folder.mkdir()
    (folder / "coordinator_backup.json").write_text(json.dumps(coordinator_backup(house), indent=2))
    lines = database_lines(house)
    lines.append(
        {
            "id": len(lines) + 1,
            "type": "Group",
            "groupID": 1,
            "members": [{"deviceIeeeAddr": f"0x{_plain(id_)}", "endpointID": 1} for id_ in group],
            "meta": {},
        }
    )
    write_lines(folder, lines)
    devices = {f"0x{_plain(id_)}": {"friendly_name": name} for id_, name in names.items()}
    settings = {
        "mqtt": {"server": "mqtt://localhost"},
        "devices": "devices.yaml",
        "groups": {"1": {"friendly_name": "evening_lights"}},
        "advanced": {"channel": 15},
    }
    text = yaml.safe_dump(settings) + "frontend:\n  auth_token: !secret token\n"
    (folder / "configuration.yaml").write_text(text)
    # As zigbee2mqtt writes it: the addresses are quoted there, and by hand they often are not.
    (folder / "devices.yaml").write_text(yaml.safe_dump(devices).replace("'", ""))


def write_lines(folder: Path, lines: list[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)
    (folder / "database.db").write_text(text)


# --- ZHA -----------------------------------------------------------------------------------------


def zha(house: Path, folder: Path, names: dict[str, tuple[str, str]], version: int) -> None:
    """Home Assistant's folder with a database of that schema, and its registries."""
    folder.mkdir()
    _zha_database(house, folder / "zigbee.db", version)
    storage = folder / ".storage"
    storage.mkdir()
    areas = sorted({area for _, area in names.values()})
    devices = [
        {
            "area_id": area.lower().replace(" ", "_"),
            "config_entries": ["01J"],
            "connections": [["zigbee", id_]],
            "id": f"{number:032x}",
            "identifiers": [["zha", id_]],
            "name": "PiChat Simulated SIM",
            "name_by_user": name,
        }
        for number, (id_, (name, area)) in enumerate(names.items())
    ]
    others = [{"connections": [["mac", "aa:bb"]], "identifiers": [["hue", "x", "y"]], "name": "x"}]
    _registry(storage / "core.device_registry", {"devices": devices + others})
    _registry(
        storage / "core.area_registry",
        {"areas": [{"id": area.lower().replace(" ", "_"), "name": area} for area in areas]},
    )


def _registry(path: Path, data: dict[str, Any]) -> None:
    path.write_bytes(msgspec.json.encode({"version": 1, "minor_version": 9, "data": data}))


def _zha_database(house: Path, path: Path, version: int) -> None:
    if version == 16:
        with (
            closing(sqlite3.connect(house / "zigbee.db")) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
        return
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SCHEMAS[version])
        devices = rows(house, "devices", "ieee, nwk, status, last_seen")
        if version < 6:
            devices = [row[:3] for row in devices]
        fill(database, f"devices_v{version}", devices)
        fill(database, f"endpoints_v{version}", rows(house, "endpoints", "*"))
        sides: tuple[Rows, Rows] = ([], [])
        for ieee, endpoint, side, cluster in rows(house, "clusters", "*"):
            sides[side].append((ieee, endpoint, cluster))
        fill(database, f"in_clusters_v{version}", sides[0])
        fill(database, f"out_clusters_v{version}", sides[1])
        fill(database, f"node_descriptors_v{version}", rows(house, "node_descriptors", "*"))
        cached = "ieee, endpoint_id, cluster_id, attr_id, value"
        basic = [row for row in rows(house, "attributes_cache", cached) if row[2] == 0 and row[4]]
        fill(database, f"attributes_cache_v{version}", basic)
        if version >= 10:
            network = _network(house)
            fill(database, f"network_backups_v{version}", [(1, json.dumps(network))])
        database.commit()


def fill(database: sqlite3.Connection, table: str, content: Rows) -> None:
    for row in content:
        database.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
