"""What a new screen is told to open."""

from ipaddress import ip_address

import pytest

from pichat.config.types import Server
from pichat.errors import UnavailableError
from pichat.gateway.door.ways import as_svg, code_url, ways_in
from pichat.gateway.machine import Machine
from tests.gateway.fakes import World, running_world

ADDRESSES = ("127.0.0.1", "::1", "10.1.1.5", "172.17.0.1", "169.254.3.4", "fe80::1", "2001:db8::5")


def ways(url: str = "http://127.0.0.1:8000", **settings: object) -> tuple[str, ...]:
    found = frozenset(ip_address(each) for each in ADDRESSES)
    return ways_in(Machine(Server(**settings), lambda: found), url)  # type: ignore[arg-type]


def test_the_addresses_that_others_can_reach() -> None:
    assert ways() == ways(host="::1") == ways(host="localhost") == ()
    assert set(ways(host="0.0.0.0", announce=False)) == {
        "http://10.1.1.5:8000",
        "http://172.17.0.1:8000",
    }
    everywhere = ways("https://127.0.0.1:8443", host="::", names=("house.lan",))
    assert everywhere[2:] == ("https://house.lan:8443", "https://pichat.local:8443")
    assert ways(host="10.1.1.5", announce=False) == ("http://10.1.1.5:8000",)
    assert ways(host="2001:db8::5", announce=False) == ("http://[2001:db8::5]:8000",)
    assert ways(host="house.lan", announce=False) == ("http://house.lan:8000",)


def test_the_code_stands_where_no_server_sees_it() -> None:
    url = code_url("http://10.1.1.5:8000", "012345")
    assert url == "http://10.1.1.5:8000/pair#code=012345"
    assert as_svg(url).startswith("<?xml")
    assert "<script" not in as_svg(url)


async def test_a_spoken_wish_says_where_nobody_could_come(world: World) -> None:
    with pytest.raises(UnavailableError, match=r"server\.host"):
        await world.door.code_for_screen()
    async with running_world(trust_loopback=False) as locked:
        code = await locked.door.code_for_screen()
        token, _ = await locked.door.pair(code, None, None)
        assert (token.name, token.scope) == ("A screen", "screen")
