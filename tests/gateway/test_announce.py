"""Announced and found over the loopback interface by a real mDNS client."""

import asyncio
import ipaddress
import socket
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from pichat.bus import Bus
from pichat.config.types import Server
from pichat.errors import UnavailableError
from pichat.events import PartHealth
from pichat.gateway.announce import SERVICE, Announcement, is_reachable
from pichat.gateway.finding import find
from pichat.gateway.machine import Address, Machine
from pichat.health import Health

DEADLINE_S = 20.0


class Named(Machine):
    """A machine of another name than this one, on whose loopback interface others may be."""

    host_name = ""


class Place:
    """A machine at addresses that may change, and its announcement."""

    def __init__(self, *addresses: str, name: str | None = None, secure: bool = False) -> None:
        self.bus = Bus()
        self.move(addresses)
        self.name = name or f"t{uuid.uuid4().hex[:12]}"
        self.machine = Named(Server(host="0.0.0.0", name=self.name), lambda: self.addresses)
        self.machine.host_name = self.name
        self.health = Health(self.bus)
        self.announcement = Announcement(
            self.machine,
            ["0.0.0.0"],
            8123,
            self.health,
            secure=secure,
            look=lambda: self.addresses,
            every_s=0.05,
        )

    def move(self, addresses: Iterable[str]) -> None:
        self.addresses: frozenset[Address] = frozenset(map(ipaddress.ip_address, addresses))

    @asynccontextmanager
    async def announced(self) -> AsyncIterator[None]:
        with self.bus.subscribe(PartHealth) as changes:
            serving = asyncio.create_task(self.announcement.serve())
            try:
                await asyncio.wait_for(changes.get(), DEADLINE_S)
                yield
            finally:
                serving.cancel()
                async with asyncio.timeout(4):  # what the daemon gives it
                    await asyncio.gather(serving, return_exceptions=True)


class Browser:
    """What a browser of the network sees come and go, by the name of the service."""

    def __init__(self, network: AsyncZeroconf) -> None:
        self.network = network
        self.seen: asyncio.Queue[tuple[str, ServiceStateChange]] = asyncio.Queue()

    def changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is not ServiceStateChange.Updated:
            self.seen.put_nowait((name, state_change))

    async def next(self, host: str) -> tuple[str, ServiceStateChange]:
        """The next of that machine."""
        async with asyncio.timeout(DEADLINE_S):
            while host not in (seen := await self.seen.get())[0]:
                continue
        return seen


@asynccontextmanager
async def browsing(*kinds: str) -> AsyncIterator[Browser]:
    network = AsyncZeroconf(interfaces=["127.0.0.1"])
    try:
        browser = Browser(network)
        async with AsyncServiceBrowser(network.zeroconf, list(kinds), handlers=[browser.changed]):
            yield browser
    finally:
        await network.async_close()


async def test_it_is_found_and_says_goodbye() -> None:
    place = Place("127.0.0.1", secure=True)
    host = place.name
    async with browsing(SERVICE, "_https._tcp.local.") as browser:
        async with place.announced():
            assert place.health.parts()["announcement"].status == "ok"
            assert place.health.parts()["announcement"].reason is None
            came = {await browser.next(host), await browser.next(host)}
            assert came == {
                (f"PiChat on {host}.{SERVICE}", ServiceStateChange.Added),
                (f"PiChat on {host}._https._tcp.local.", ServiceStateChange.Added),
            }
            info = AsyncServiceInfo(SERVICE, f"PiChat on {host}.{SERVICE}")
            assert await info.async_request(browser.network.zeroconf, 3000)
            assert (info.server, info.port) == (f"{host}.local.", 8123)
            assert info.parsed_addresses() == ["127.0.0.1"]
            assert info.decoded_properties["path"] == "/ws/chat"
            assert info.decoded_properties["tls"] == "1"
            found = await find(1.5, ["127.0.0.1"])
            assert [
                (each.url, each.addresses) for each in found if each.name == f"PiChat on {host}"
            ] == [(f"https://{host}.local:8123/", ("https://127.0.0.1:8123/",))]
        gone = {await browser.next(host), await browser.next(host)}
        assert {state for _, state in gone} == {ServiceStateChange.Removed}


@pytest.mark.long
async def test_a_name_that_is_taken_gets_a_number_and_that_is_told() -> None:
    first = Place("127.0.0.1")
    name = first.name
    second = Place("127.0.0.5", name=name)
    async with first.announced(), second.announced():
        assert first.machine.announced == name
        assert second.machine.announced == f"{name}-2"
        assert f"{name}-2.local" in second.machine.names()
        told = second.health.parts()["announcement"]
        assert told.status == "ok"
        assert f"Another machine in this network is {name}.local" in str(told.reason)
        found = await find(1.5, ["127.0.0.1"])
        assert {each.name: each.url for each in found if name in each.name} == {
            f"PiChat on {name}": f"http://{name}.local:8123/",
            f"PiChat on {name} (2)": f"http://{name}-2.local:8123/",
        }


@pytest.mark.long
async def test_it_follows_the_addresses() -> None:
    place = Place("127.0.0.1")
    host = place.name
    async with place.announced(), browsing(SERVICE) as browser:
        assert (await browser.next(host))[1] is ServiceStateChange.Added
        place.move(["127.0.0.1", "127.0.0.7"])
        assert (await browser.next(host))[1] is ServiceStateChange.Removed
        assert (await browser.next(host))[1] is ServiceStateChange.Added
        info = AsyncServiceInfo(SERVICE, f"PiChat on {host}.{SERVICE}")
        assert await info.async_request(browser.network.zeroconf, 3000)
        assert sorted(info.parsed_addresses()) == ["127.0.0.1", "127.0.0.7"]


@pytest.mark.long
async def test_of_two_that_take_a_name_at_once_one_gives_way() -> None:
    first = Place("127.0.0.1")
    second = Place("127.0.0.5", name=first.name)
    with first.bus.subscribe(PartHealth) as changes:
        serving = [asyncio.create_task(each.announcement.serve()) for each in (first, second)]
        try:
            async with asyncio.timeout(2 * DEADLINE_S):
                while first.machine.announced == first.name:
                    await changes.get()
            assert second.machine.announced == first.name
            assert first.machine.announced == f"{first.name}-2"
        finally:
            for task in serving:
                task.cancel()
            await asyncio.gather(*serving, return_exceptions=True)


# On this failure zeroconf leaves its socket to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_no_network_and_a_port_that_is_not_shared_are_told() -> None:
    with pytest.raises(UnavailableError, match="no address in a network"):
        await Place().announcement.serve()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        try:
            taken.bind(("0.0.0.0", 5353))
        except OSError:
            pytest.skip("another program of this machine speaks mDNS")
        with pytest.raises(UnavailableError, match="Port 5353 is held by a program"):
            await Place("127.0.0.1").announcement.serve()


def test_only_what_others_can_reach_is_announced() -> None:
    assert is_reachable(["0.0.0.0"])
    assert is_reachable(["127.0.0.1", "192.168.1.5"])
    assert not is_reachable(["127.0.0.1", "::1"])
    place = Place("192.168.1.5", "fd00::5")
    assert list(map(str, place.announcement._addresses())) == ["192.168.1.5"]
