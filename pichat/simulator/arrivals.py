"""What arrives at a device, as an event for those who watch the air."""

from __future__ import annotations

import re
from typing import Any

from pichat.simulator.node import aps, zcl
from pichat.simulator.node.aps import Message
from pichat.simulator.node.device import Device
from pichat.simulator.wire.codec import Reader, ShortFrameError

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def arrival(device: Device, message: Message) -> dict[str, Any]:
    """`event` zdo with the request's `number` (its cluster); else command or general with the
    `cluster` by its name (`on_off`; a number in hexadecimal where the device has none such) and
    the command's `number`, None where the frame has none."""
    about = {"device": device.identity.id}
    if message.profile == aps.ZDO_PROFILE:
        return {"event": "zdo", **about, "number": message.cluster}
    name = _name(device, message)
    try:
        header = zcl.Header.read(Reader(message.payload))
    except ShortFrameError:
        return {"event": "general", **about, "cluster": name, "number": None}
    event = "command" if header.control & zcl.CLUSTER_SPECIFIC else "general"
    return {"event": event, **about, "cluster": name, "number": header.command}


def _name(device: Device, message: Message) -> str:
    for endpoint in device.endpoints.values():
        found = endpoint.servers.get(message.cluster) or endpoint.clients.get(message.cluster)
        if found is not None:
            return _WORD.sub("_", type(found).__name__).lower()
    return f"{message.cluster:#06x}"
