"""`pichat zigbee`: the network behind the house, for its owner."""

from __future__ import annotations

from typing import ClassVar

import click

from pichat.cli.lazy import Lazy


class Zigbee(Lazy):
    """Each command is in a file of its name in this folder."""

    package = __name__
    summaries: ClassVar[dict[str, str]] = {
        "backup": "Back up the network, the devices and their names.",
        "backups": "List the backups.",
        "restore": "Bring a backup back, also onto another stick.",
        "import": "Move in from zigbee2mqtt or ZHA, without pairing again.",
    }
    files: ClassVar[dict[str, str]] = {}


@click.group(cls=Zigbee)
def zigbee() -> None:
    """The Zigbee network: the stick, joining, backups, and looking after it."""
