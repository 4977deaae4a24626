"""The open-coordinator document: ours, others', and what is wrong with damaged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zigpy.backups import NetworkBackup

from pichat.errors import BadRequestError
from pichat.zigbee.backup.open_coordinator import decode, encode, summarise
from tests.zigbee.backup.hubs import NOW_S, backup_of
from tests.zigbee.backup.installations import coordinator_backup
from tests.zigbee.simulated import HOUSE


async def test_a_backup_comes_out_as_it_went_in(paired_house: Path) -> None:
    backup = await backup_of(paired_house)
    content = encode(backup)
    again = decode(content, "it")
    assert again.database == backup.database
    assert again.house == json.loads(json.dumps(backup.house))
    assert again.made_s == NOW_S
    assert again.fingerprint == backup.fingerprint
    assert summarise(content, "it") == (backup.summary(), backup.fingerprint)
    names = again.house["devices"]
    assert {each["name"] for each in names.values()} == {each.name for each in HOUSE.devices}
    assert backup.summary().devices == len(HOUSE.devices)


async def test_other_programs_can_read_it(paired_house: Path) -> None:
    """What zigpy makes of it by itself, and what zigbee-herdsman asks for."""
    backup = await backup_of(paired_house)
    document = json.loads(encode(backup))
    read = NetworkBackup.from_open_coordinator_json(document)
    assert backup.network is not None
    assert read.is_compatible_with(backup.network)
    assert {str(ieee) for ieee in read.network_info.nwk_addresses} >= {
        device.ieee for device in HOUSE.devices
    }
    assert document["metadata"]["format"] == "zigpy/open-coordinator-backup"
    assert document["metadata"]["internal"]["ezspVersion"] == 13


def _without(document: dict[str, Any], *path: str) -> dict[str, Any]:
    *parents, last = path
    place = document
    for each in parents:
        place = place[each]
    del place[last]
    return document


def test_what_is_wrong_is_said(paired_house: Path) -> None:
    good = json.dumps(coordinator_backup(paired_house)).encode()
    whole = decode(good, "it")
    assert (whole.source, whole.database) == ("zigbee-herdsman@2.1.4", None)
    assert whole.made_s == pytest.approx(1_795_194_191.123)
    with pytest.raises(BadRequestError, match="it is damaged or no backup of a network"):
        decode(good[: len(good) // 2], "it")
    for path in (("network_key",), ("network_key", "key"), ("channel",), ("coordinator_ieee",)):
        document = _without(json.loads(good), *path)
        with pytest.raises(BadRequestError, match=path[-1]):
            decode(json.dumps(document).encode(), "it")
    for change, sentence in (
        ({"channel": 27}, "channel"),
        ({"pan_id": "xyz"}, "pan_id"),
        ({"extended_pan_id": "ff" * 8}, "does not hold all of a network"),
        ({"metadata": {"format": "other", "version": 1}}, "of the format “other”"),
        ({"metadata": {"format": "zigpy/open-coordinator-backup", "version": 2}}, "version 2"),
    ):
        with pytest.raises(BadRequestError, match=sentence):
            decode(json.dumps(json.loads(good) | change).encode(), "it")


async def test_a_database_that_was_cut_off_is_noticed(paired_house: Path) -> None:
    document = json.loads(encode(await backup_of(paired_house)))
    ours = document["metadata"]["internal"]["pichat"]
    ours["database"] = ours["database"][: len(ours["database"]) // 8 * 4]
    with pytest.raises(BadRequestError, match="device database is cut off"):
        decode(json.dumps(document).encode(), "it")
    ours["version"] = 2
    with pytest.raises(BadRequestError, match="newer PiChat"):
        summarise(json.dumps(document).encode(), "it")
