"""Where files may come from: encrypted, or from this machine."""

from __future__ import annotations

import ipaddress

from yarl import URL


def refusal(address: str | URL) -> str | None:
    """Why nothing is fetched from `address`, or None when it may be."""
    try:
        url = URL(address) if isinstance(address, str) else address
    except ValueError:
        return f"{address} is no address"
    if url.scheme == "https" and url.host:
        return None
    if url.scheme == "http" and url.host:
        return None if _is_here(url.host) else f"{url} is not encrypted (http, not https)"
    return f"{url} is no https address"


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
