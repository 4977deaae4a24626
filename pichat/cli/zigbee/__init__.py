"""`pichat zigbee`: the network behind the house, for its owner."""

from __future__ import annotations

from typing import ClassVar

import click

from pichat.cli.lazy import Lazy


class Zigbee(Lazy):
    """Each command is in a file of its name in this folder."""

    package = __name__
    summaries: ClassVar[dict[str, str]] = {
        "detect": "Find sticks, and tell how to set them.",
        "repair": "What to do with a stick that PiChat refuses.",
        "info": "Tell the stick, the network, and what it has sent.",
        "map": "Draw who hears whom, and how well.",
        "neighbours": "Ask one device whom it hears.",
        "scan": "Measure how busy the channels are.",
        "channel": "Move the network to another channel.",
        "firmware": "Tell which firmware a device runs, or update it.",
        "identify": "Have a device blink or beep.",
        "remove": "Have a device leave, or forget one that is gone.",
        "lock-codes": "List which code slots of a lock are in use.",
        "bindings": "List to whom a device talks by itself, or change it.",
        "reporting": "Ask how often a device reports, or change it.",
        "read": "Read any attribute of a device.",
        "write": "Write any attribute of a device.",
        "command": "Send any command of a cluster.",
        "diagnostics": "Write all that helps to find a fault to a file.",
        "backup": "Back up the network, the devices and their names.",
        "backups": "List the backups.",
        "restore": "Bring a backup back, also onto another stick.",
        "import": "Move in from zigbee2mqtt or ZHA, without pairing again.",
    }
    files: ClassVar[dict[str, str]] = {}


@click.group(cls=Zigbee)
def zigbee() -> None:
    """The Zigbee network: the stick, joining, backups, and looking after it."""
