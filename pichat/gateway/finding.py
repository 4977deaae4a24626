"""Looks for PiChats in the network, by what they announce."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pichat.errors import UnavailableError
from pichat.gateway.announce import SERVICE, home_addresses

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

_INFO_MS = 1500


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """`name`: as it calls itself; `url`: where a browser finds its page by its name, `addresses`:
    the same by each of its addresses."""

    name: str
    url: str
    addresses: tuple[str, ...]
    version: str


async def find(look_s: float, interfaces: Sequence[str] | None = None) -> list[Found]:
    """Every PiChat that answers within `look_s`, by name. Raises UnavailableError when there is no
    network."""
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

    used = list(interfaces or _interfaces())
    if not used:
        raise UnavailableError("This machine has no address in a network.")
    try:
        network = AsyncZeroconf(interfaces=used)
    except OSError as error:
        raise UnavailableError(
            f"The network cannot be searched: {error.strerror or error}."
        ) from error
    names: set[str] = set()

    def changed(
        zeroconf: Zeroconf,  # noqa: ARG001  (zeroconf's names)
        service_type: str,  # noqa: ARG001
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        keep = names.discard if state_change is ServiceStateChange.Removed else names.add
        keep(name)

    try:
        async with AsyncServiceBrowser(network.zeroconf, SERVICE, handlers=[changed]):
            await asyncio.sleep(look_s)
        found = await asyncio.gather(*(_ask(network, name) for name in sorted(names)))
    finally:
        await network.async_close()
    return [each for each in found if each is not None]


async def _ask(network: AsyncZeroconf, name: str) -> Found | None:
    """What one of them tells of itself; None when it has gone."""
    from zeroconf.asyncio import AsyncServiceInfo

    info = AsyncServiceInfo(SERVICE, name)
    if not await info.async_request(network.zeroconf, _INFO_MS) or info.server is None:
        return None
    told = info.decoded_properties
    scheme = "https" if told.get("tls") == "1" else "http"
    hosts = [f"[{each}]" if ":" in each else each for each in info.parsed_addresses()]
    return Found(
        name=name.removesuffix(f".{SERVICE}"),
        url=f"{scheme}://{info.server.removesuffix('.')}:{info.port}/",
        addresses=tuple(f"{scheme}://{host}:{info.port}/" for host in hosts),
        version=told.get("version") or "",
    )


def _interfaces() -> list[str]:
    here = sorted(home_addresses(), key=lambda each: (each.version, each))
    old = [str(each) for each in here if each.version == 4]
    return old or [str(each) for each in here]
