"""What is handed to somebody else holds no key, in no form."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import msgspec

from pichat.config.types import Secret
from pichat.zigbee.care.diagnostics import MASKED, masked
from tests.zigbee.simulated import house


def forms(key: bytes) -> list[str]:
    """How a key may be written."""
    found = []
    for each in (key, key[::-1]):
        numbers = [str(number) for number in each]
        found += [
            each.hex(),
            each.hex(":"),
            each.hex(" "),
            each.hex("-"),
            base64.b64encode(each).decode().rstrip("="),
            base64.urlsafe_b64encode(each).decode().rstrip("="),
            ",".join(numbers),
            ", ".join(numbers),
            ",".join(f"0x{number:02x}" for number in each),
            ", ".join(f"0x{number:02x}" for number in each),
        ]
    return found


async def test_no_key_is_in_the_export(known: Path) -> None:
    async with house(known) as (running, _):
        app: Any = running.parts.link.open().app
        info = app.state.network_info
        keys = [bytes(info.network_key.key), bytes(info.tc_link_key.key)]
        keys += [bytes(key.key) for key in info.key_table]
        assert len(set(keys[0])) > 4
        hashed = json.dumps(info.stack_specific)
        keys += [
            bytes.fromhex(str(value))
            for part in info.stack_specific.values()
            if isinstance(part, dict)
            for name, value in part.items()
            if "tclk" in name
        ]
        await running.parts.care.scan_map()
        await app.watchdog_feed()
        told = running.parts.care.diagnostics()
        text = msgspec.json.encode(told).decode().casefold()
        for key in keys:
            for form in forms(key):
                assert form.casefold() not in text, hashed
        assert told["network"]["network_key"]["key"] == MASKED
        assert told["network"]["channel"] == int(info.channel)
        assert {"pichat", "zigpy", "bellows", "python"} <= set(told["versions"])
        assert len(told["devices"]) == len(running.hub.devices()) + 1
        assert told["devices"][1]["signature"]["endpoints"]
        assert told["counters"]["APS_DATA_TX_UNICAST_SUCCESS"] > 0
        assert told["status"]["stick"]["free_buffers"] > 0
        assert [each["status"] for each in told["health_changes"]][-1] == "ok"


class _Provider(msgspec.Struct):
    api_key: Secret
    headers: dict[str, str]
    place: Path


def test_settings_are_told_without_their_secrets() -> None:
    provider = _Provider(Secret("hush-hush"), {"X-Token": "hush", "Accept": "json"}, Path("/tmp/x"))
    assert masked([provider]) == [
        {
            "api_key": "***",
            "headers": {"X-Token": MASKED, "Accept": "json"},
            "place": "/tmp/x",
        }
    ]
