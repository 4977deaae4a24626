"""Looks for servers of tools: on this machine's own ports, by mDNS, and where the owner says."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import structlog

from pichat.config.types import McpServer
from pichat.errors import BadRequestError
from pichat.mcp.probe import ANSWER_S, FoundServer, probe

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo

log = structlog.get_logger(__name__)

MDNS_TYPES = ("_mcp._tcp.local.", "_mcp-http._tcp.local.")
MOST_ADDRESSES = 128
_MOST_HOSTS = 16
_MOST_PORTS = 64
_AT_ONCE = 16
_ALL_S = 10.0
_MDNS_S = 1.5
_USUAL_PORTS = (80, 3000, 3001, 5173, 8000, 8001, 8080, 8765, 8808, 9000, 9001, 9090)
_MAIL = (25, 110, 143, 465, 587, 993, 995)
_DATA = (1433, 3306, 5432, 6379, 11211, 27017)
_OTHERS = (21, 22, 23, 53, 111, 139, 445, 631, 1883, 2049, 3389, 4713, 5900, 8883, 9100)
_NOT_ASKED = frozenset([*_MAIL, *_DATA, *_OTHERS])
"""Ports of services that are none, and that would be startled."""
_LISTENS = "0A"


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: how many addresses were. `cut`: there were more than are asked in one go."""

    servers: tuple[FoundServer, ...]
    asked: int
    cut: bool


class Discovery:
    """Adds nothing by itself. `own_url`: where this house itself answers, which is not asked;
    `known`: the servers that are set up. `interfaces`: addresses of this machine in whose networks
    it listens, None for all."""

    def __init__(
        self,
        own_url: Callable[[], str],
        known: Callable[[], Mapping[str, McpServer]],
        *,
        proc: Path = Path("/proc/net"),
        interfaces: Sequence[str] | None = None,
    ) -> None:
        self._interfaces = interfaces
        self._own_url = own_url
        self._known = known
        self._proc = proc
        self._looking = asyncio.Lock()

    async def look(
        self, hosts: Sequence[str] = (), ports: Sequence[int] = (), *, here: bool = True
    ) -> Discovered:
        """What answers within seconds. `hosts`: names or addresses, with a port or without, or
        whole URLs; `ports`: of those that have none, else the usual ones. `here`: also this
        machine, and what the network announces. Raises BadRequestError."""
        if len(hosts) > _MOST_HOSTS or len(ports) > _MOST_PORTS:
            raise BadRequestError(
                f"At most {_MOST_HOSTS} hosts and {_MOST_PORTS} ports are asked in one go."
            )
        given = [each for host in hosts for each in _bases(host, ports)]
        async with self._looking:  # one look at a time is enough
            if here:
                announced = await _announced(self._interfaces)
                given += announced + await asyncio.to_thread(self._here)
            bases = [*dict.fromkeys(given)]
            found = await self._ask(bases[:MOST_ADDRESSES])
        servers = tuple(self._named(each) for each in _once(found))
        asked = min(len(bases), MOST_ADDRESSES)
        return Discovered(servers=servers, asked=asked, cut=len(bases) > MOST_ADDRESSES)

    async def _ask(self, bases: Sequence[str]) -> list[FoundServer]:
        import aiohttp

        gate = asyncio.Semaphore(_AT_ONCE)
        timeout = aiohttp.ClientTimeout(total=ANSWER_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:

            async def ask(base: str) -> FoundServer | None:
                async with gate:
                    return await probe(session, base)

            tasks = [asyncio.create_task(ask(base)) for base in bases]
            if not tasks:
                return []
            try:
                await asyncio.wait(tasks, timeout=_ALL_S)
            finally:
                for task in tasks:
                    task.cancel()
                answers = await asyncio.gather(*tasks, return_exceptions=True)
        for each in answers:
            if isinstance(each, Exception):
                log.warning("address could not be asked", error=type(each).__name__)
        return [each for each in answers if isinstance(each, FoundServer)]

    def _here(self) -> list[str]:
        """Every port of this machine at which something listens for programs of it."""
        own = urlsplit(self._own_url()).port
        ports: set[int] = set()
        for name in ("tcp", "tcp6"):
            try:
                text = (self._proc / name).read_text(encoding="ascii")
            except (OSError, UnicodeDecodeError):
                continue
            ports.update(_listening(text))
        return [f"http://127.0.0.1:{port}" for port in sorted(ports - _NOT_ASKED - {own})]

    def _named(self, found: FoundServer) -> FoundServer:
        for name, server in self._known().items():
            if server.url is not None and _same(server.url, found.url):
                return msgspec.structs.replace(found, known=name)
        return found


def _listening(text: str) -> Iterator[int]:
    """Ports of a table of /proc/net that listen on loopback or everywhere."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == _LISTENS:
            address, _, port = fields[1].partition(":")
            raw = bytes.fromhex(address)
            words = b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))
            at = ipaddress.ip_address(words)
            mapped = getattr(at, "ipv4_mapped", None) or at
            if mapped.is_loopback or mapped.is_unspecified:
                yield int(port, 16)


def _bases(host: str, ports: Sequence[int]) -> Iterator[str]:
    """Addresses to ask of what the owner wrote. Raises BadRequestError."""
    text = host.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    odd = not parts.hostname or parts.username or not text.isprintable() or " " in text
    if parts.scheme not in ("http", "https") or odd:
        raise BadRequestError(f"“{text[:60]}” is no host; one looks like 192.168.1.10:9001.")
    if "://" in text and (port or parts.path.strip("/")):
        yield text
        return
    name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    for each in [port] if port else (ports or _USUAL_PORTS):
        yield f"{parts.scheme}://{name}:{each}"


async def _announced(interfaces: Sequence[str] | None) -> list[str]:
    """What the network announces as a server of tools. Nothing where there is no network."""
    from zeroconf import InterfaceChoice, ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

    names: set[tuple[str, str]] = set()

    def changed(
        zeroconf: Zeroconf,  # noqa: ARG001  (zeroconf's names)
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if state_change is not ServiceStateChange.Removed:
            names.add((service_type, name))

    try:
        network = AsyncZeroconf(interfaces=list(interfaces or ()) or InterfaceChoice.All)
    except OSError as error:
        log.info("network not searched", reason=error.strerror)
        return []
    try:
        async with AsyncServiceBrowser(network.zeroconf, [*MDNS_TYPES], handlers=[changed]):
            await asyncio.sleep(_MDNS_S)
        infos = [AsyncServiceInfo(kind, name) for kind, name in sorted(names)[:_MOST_HOSTS]]
        known = await asyncio.gather(
            *(each.async_request(network.zeroconf, _MDNS_S * 1000) for each in infos)
        )
    finally:
        await network.async_close()
    found = [info for info, is_known in zip(infos, known, strict=True) if is_known]
    return [base for each in found for base in _of_announcement(each)]


def _of_announcement(info: AsyncServiceInfo) -> Iterator[str]:
    """The first address that can be asked, with the path that it tells."""
    told = info.decoded_properties
    for address in info.parsed_addresses():
        at = ipaddress.ip_address(address)
        if info.port and not at.is_link_local:
            name = f"[{address}]" if at.version == 6 else address
            path = told.get("path") or ""
            scheme = "https" if told.get("tls") in ("1", "true") else "http"
            yield f"{scheme}://{name}:{info.port}{path if path.startswith('/') else ''}"
            return


def _once(found: Sequence[FoundServer]) -> list[FoundServer]:
    return [*{each.url: each for each in found}.values()]


def _same(one: str, other: str) -> bool:
    """Whether two addresses lead to the same place."""
    return _place(one) == _place(other)


def _place(url: str) -> tuple[str, int | None, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = host in ("localhost", "::1") or host.startswith("127.")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return "localhost" if local else host, port, parts.path.rstrip("/")
