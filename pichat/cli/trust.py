"""Which certificate a command of this machine believes: the one that the daemon shows now, whoever
signed it and whatever the clock says."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import aiohttp

from pichat.gateway.tls.folder import FOLDER, SERVED


def trusted(state_dir: Path) -> aiohttp.Fingerprint | bool:
    """For aiohttp's `ssl`. As any client does, where the daemon of `state_dir` has no TLS."""
    try:
        pem = (state_dir / FOLDER / SERVED).read_text()
        der = ssl.PEM_cert_to_DER_cert(pem)
    except (OSError, ValueError):
        return True
    return aiohttp.Fingerprint(hashlib.sha256(der).digest())
