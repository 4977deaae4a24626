"""How the network finds this machine, and the certificate that it shows."""

from __future__ import annotations

import asyncio
from functools import partial

from pichat.app.parts import Parts
from pichat.gateway.announce import PART, Announcement, is_reachable
from pichat.gateway.machine import Machine
from pichat.gateway.server import Gateway
from pichat.gateway.services.certificates import Certificates, NoCertificates
from pichat.gateway.tls.build import open_certificates
from pichat.health import keep_serving


async def start_certificates(parts: Parts, machine: Machine) -> Certificates:
    """Raises StartError in one line."""
    opened = await asyncio.to_thread(open_certificates, machine, parts.state_dir)
    if opened is None:
        return NoCertificates()
    parts.run("certificate", partial(opened.watch, parts.health))
    return opened


def start_announcement(parts: Parts, gateway: Gateway) -> None:
    """The daemon is ready without it: finding a free name takes seconds."""
    server, health = parts.config.server, parts.health
    if not server.announce:
        health.set(PART, "off", "server.announce is false.")
        return
    if not is_reachable(gateway.listening):
        health.set(PART, "off", "PiChat listens on this machine only (server.host).")
        return
    secure = server.tls.mode != "off"
    announcement = Announcement(
        gateway.machine, gateway.listening, gateway.port, health, secure=secure
    )
    parts.steps.run(PART, keep_serving(PART, announcement.serve, health))
