"""Tells the network of this machine by mDNS, so that screens find it: what it serves and where, and
the addresses of `<server.name>.local`."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

import pichat
from pichat.errors import UnavailableError
from pichat.gateway.machine import Address, Machine, addresses_now
from pichat.health import Health

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

log = structlog.get_logger(__name__)

PART = "announcement"
SERVICE = "_pichat._tcp.local."
API = "1"

_LOOK_EVERY_S = 10.0
_STOP_S = 2.0
_ASK_MS = 2000  # for whoever has the name already
_MOST_NAMES = 9
# Networks inside this machine and tunnels: nobody in the house is there.
_INSIDE = (
    "br-", "cni", "docker", "flannel", "lxc", "lxd", "podman", "ppp", "tailscale", "tap", "tun",
    "veth", "virbr", "wg", "zt",
)  # fmt: skip


def home_addresses() -> frozenset[Address]:
    """Those at which others of the house may find this machine."""
    found = addresses_now(without=_INSIDE)
    return frozenset(each for each in found if not each.is_loopback and not each.is_link_local)


def is_reachable(listening: Iterable[str]) -> bool:
    """Whether others can come to any of the addresses that the port listens at."""
    return not all(ipaddress.ip_address(each).is_loopback for each in listening)


class Announcement:
    """`listening`: the addresses that the port is bound to. `look`: those of this machine in the
    network, as they are now."""

    def __init__(
        self,
        machine: Machine,
        listening: Sequence[str],
        port: int,
        health: Health,
        *,
        secure: bool,
        look: Callable[[], frozenset[Address]] = home_addresses,
        every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._machine = machine
        self._listening = [ipaddress.ip_address(each) for each in listening]
        self._port = port
        self._health = health
        self._secure = secure
        self._look = look
        self._every_s = every_s
        self._own: set[Address] = set()  # also those of before, which others may still remember
        self._contested = asyncio.Event()

    async def serve(self) -> None:
        """Announce until cancelled, anew whenever the addresses change, and say goodbye. Raises
        UnavailableError when the network does not let it."""
        await asyncio.to_thread(_load)
        while True:
            addresses = self._addresses()
            if not addresses:
                raise UnavailableError("This machine has no address in a network.")
            async with self._announced(addresses):
                await self._changed(addresses)

    def _addresses(self) -> tuple[Address, ...]:
        """Where others can reach the port, in a fixed order."""
        found: set[Address] = set()
        here = self._look()
        for each in self._listening:
            if each.is_unspecified:
                found |= {one for one in here if one.version == each.version}
            elif each in here:
                found.add(each)
        return tuple(sorted(found, key=lambda each: (each.version, each)))

    async def _changed(self, addresses: tuple[Address, ...]) -> None:
        """Returns when the announcement no longer holds."""
        while self._addresses() == addresses:
            try:
                await asyncio.wait_for(self._contested.wait(), self._every_s)
            except TimeoutError:
                continue
            return

    @asynccontextmanager
    async def _announced(self, addresses: tuple[Address, ...]) -> AsyncIterator[None]:
        self._own |= {*addresses, *self._machine.addresses()}
        network = await _join(addresses)
        try:
            name, title = await asyncio.gather(self._free_name(network), self._free_title(network))
            self._contested.clear()
            watching = _watch(network, f"{name}.local.", self._is_stronger, self._contested)
            try:
                await self._register(network, name, title, addresses)
                yield
            finally:
                network.zeroconf.async_remove_listener(watching)
        finally:
            await _leave(network)

    async def _register(
        self, network: AsyncZeroconf, name: str, title: str, addresses: tuple[Address, ...]
    ) -> None:
        infos = self._services(name, title, addresses)
        sent = await asyncio.gather(
            *(network.async_register_service(info, allow_name_change=True) for info in infos)
        )
        await asyncio.gather(*sent)
        wanted = self._machine.config.name
        self._machine.announced = name
        reason = None
        if name != wanted:
            reason = (
                f"Another machine in this network is {wanted}.local; this one is {name}.local. Give"
                " one of them another server.name."
            )
        log.info("announced", name=f"{name}.local", addresses=[str(each) for each in addresses])
        self._health.set(PART, "ok", reason)

    def _services(
        self, name: str, title: str, addresses: tuple[Address, ...]
    ) -> tuple[AsyncServiceInfo, ...]:
        from zeroconf.asyncio import AsyncServiceInfo

        pages = "_https._tcp.local." if self._secure else "_http._tcp.local."
        told: dict[str, dict[str, str]] = {
            SERVICE: {
                "version": pichat.__version__,
                "path": "/ws/chat",
                "tls": "1" if self._secure else "0",
                "api": API,
            },
            pages: {"path": "/"},
        }
        return tuple(
            AsyncServiceInfo(
                kind,
                f"{title}.{kind}",
                port=self._port,
                properties=properties,
                server=f"{name}.local.",
                parsed_addresses=[str(each) for each in addresses],
            )
            for kind, properties in told.items()
        )

    async def _free_name(self, network: AsyncZeroconf) -> str:
        """The configured name, or with a number where another machine has that. Raises
        UnavailableError."""
        from zeroconf import AddressResolver, DNSQuestionType  # type: ignore[attr-defined]

        wanted = self._machine.config.name
        for number in range(1, _MOST_NAMES + 1):
            name = wanted if number == 1 else f"{wanted}-{number}"
            asked = AddressResolver(f"{name}.local.")
            # Asked of all: an answer to one port goes astray where several programs share it.
            if not await asked.async_request(network.zeroconf, _ASK_MS, DNSQuestionType.QM):
                return name
            theirs = {_plain(each) for each in asked.parsed_addresses()}
            if theirs <= self._own:
                return name
            log.warning("the name is taken", name=f"{name}.local", by=sorted(map(str, theirs)))
        raise UnavailableError(
            f"{wanted}.local and {_MOST_NAMES - 1} names like it are taken by other machines."
            " Choose another server.name."
        )

    async def _free_title(self, network: AsyncZeroconf) -> str:
        """What lists of the network show. zeroconf looks itself whether that is taken, but does not
        hear another PiChat at the same address."""
        from zeroconf import DNSQuestionType
        from zeroconf.asyncio import AsyncServiceInfo

        first = f"PiChat on {self._machine.host_name}"
        titles = (first, *(f"{first} ({number})" for number in range(2, _MOST_NAMES + 1)))
        for title in titles:
            asked = AsyncServiceInfo(SERVICE, f"{title}.{SERVICE}")
            if not await asked.async_request(network.zeroconf, _ASK_MS, DNSQuestionType.QM):
                return title
        return titles[-1]

    def _is_stronger(self, address: Address) -> bool:
        """Whether another machine says that our name is its own, and is to keep it. Of two that
        say so at once, that is the one with the greater address."""
        if address in self._own:
            return False
        return address.packed > max(each.packed for each in self._own)


def _load() -> None:
    """Import what takes a while, beside what else goes on."""
    import ifaddr  # noqa: F401
    import zeroconf.asyncio  # noqa: F401


async def _join(addresses: tuple[Address, ...]) -> AsyncZeroconf:
    """Raises UnavailableError."""
    from zeroconf.asyncio import AsyncZeroconf

    old = [str(each) for each in addresses if each.version == 4]
    try:
        network = AsyncZeroconf(interfaces=old or [str(each) for each in addresses])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                "Port 5353 is held by a program that does not share it, so the network is not told"
                " of PiChat. If it is avahi, set disallow-other-stacks=no in avahi-daemon.conf."
            ) from error
        raise UnavailableError(
            f"The network does not let PiChat be announced: {error.strerror or error}."
        ) from error
    try:
        await network.zeroconf.async_wait_for_start()
    except BaseException:
        await _leave(network)
        raise
    if not network.zeroconf.engine.senders:
        await _leave(network)
        raise UnavailableError("No network of this machine takes announcements (multicast).")
    return network


async def _leave(network: AsyncZeroconf) -> None:
    """Say goodbye, within a deadline."""
    try:
        async with asyncio.timeout(_STOP_S):
            await network.async_close()
    except TimeoutError:
        log.warning("the goodbye to the network took too long")


def _plain(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def _watch(
    network: AsyncZeroconf,
    server: str,
    is_stronger: Callable[[Address], bool],
    contested: asyncio.Event,
) -> Any:
    """A listener that sets `contested` when a stronger machine says that `server` is it."""
    from zeroconf import RecordUpdate, RecordUpdateListener, Zeroconf

    class Watching(RecordUpdateListener):
        def async_update_records(
            self,
            zc: Zeroconf,  # noqa: ARG002  (zeroconf's signature)
            now: float,  # noqa: ARG002
            records: list[RecordUpdate],
        ) -> None:
            for each in records:
                told = getattr(each.new, "address", None)
                if told is None or each.new.key != server.lower():
                    continue
                if is_stronger(ipaddress.ip_address(told)):
                    contested.set()

    watching = Watching()
    network.zeroconf.async_add_listener(watching, None)
    return watching
