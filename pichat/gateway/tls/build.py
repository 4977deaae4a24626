"""Which certificates the configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pichat.errors import StartError
from pichat.gateway.machine import Machine
from pichat.gateway.tls.folder import FOLDER

if TYPE_CHECKING:
    from pichat.gateway.tls.served import Served


def open_certificates(machine: Machine, state_dir: Path) -> Served | None:
    """Those of `machine.config.tls`, ready to be shown; None when HTTPS is off. May take a moment.
    Raises StartError in one line."""
    tls, directory = machine.config.tls, state_dir / FOLDER
    made: Served
    if tls.mode == "off":
        return None
    if tls.mode == "auto":
        from pichat.gateway.tls.house import HouseCertificate

        made = HouseCertificate(directory, machine)
    else:
        from pichat.gateway.tls.owners import OwnersCertificate

        if tls.certificate is None or tls.key is None:
            raise StartError(
                "server.tls.mode in config.yaml is files: it needs server.tls.certificate and"
                " server.tls.key."
            )
        made = OwnersCertificate(directory, tls.certificate, tls.key)
    made.open()
    return made
