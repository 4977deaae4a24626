"""How the network finds this machine, and the certificate that it shows."""

from __future__ import annotations

import asyncio
from functools import partial

from pichat.app.parts import Parts
from pichat.gateway.machine import Machine
from pichat.gateway.services.certificates import Certificates, NoCertificates
from pichat.gateway.tls.build import open_certificates


async def start_certificates(parts: Parts, machine: Machine) -> Certificates:
    """Raises StartError in one line."""
    opened = await asyncio.to_thread(open_certificates, machine, parts.state_dir)
    if opened is None:
        return NoCertificates()
    parts.run("certificate", partial(opened.watch, parts.health))
    return opened
