"""How often one may ask, and how long wrong logins wait. Time is virtual."""

import asyncio

import pytest

from pichat.config.types import Limits as Config
from pichat.errors import PiChatError
from pichat.gateway.door import limits as module
from pichat.gateway.door.limits import (
    MAX_IN_FLIGHT,
    Limits,
    TooManyRequestsError,
    canonical,
)

VIRTUAL_TIME = True
SLOW = Config(requests_per_s=2, requests_at_once=4)


def made(config: Config = SLOW) -> Limits:
    return Limits(config, asyncio.get_running_loop().time)


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def took_s(limits: Limits, address: str) -> float:
    began = now_s()
    await limits.check(address)
    return round(now_s() - began, 3)


def test_one_client_has_one_address_however_it_is_written() -> None:
    for same in (
        ("192.168.1.5", "::ffff:192.168.1.5", "::ffff:c0a8:105"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:1:2::"),
        ("fe80::1", "fe80::1%eth0", "FE80:0::1"),
        ("", None, "no address", "/run/a.socket"),
    ):
        assert len({canonical(each) for each in same}) == 1, same
    others = ("192.168.1.5", "192.168.1.6", "2001:db8:1:2::1", "2001:db8:1:3::1", "fe80::1",
              "fe80::2", "127.0.0.1", "::1", None)  # fmt: skip
    assert len({canonical(each) for each in others}) == len(others)


async def test_requests_of_an_address_and_of_a_token_are_counted() -> None:
    limits = made()
    for _ in range(4):
        limits.spend_address("192.168.1.5")
    with pytest.raises(TooManyRequestsError) as refused:
        limits.spend_address("::ffff:192.168.1.5")
    assert refused.value.retry_after_s == pytest.approx(0.5)
    assert (refused.value.code, refused.value.retryable) == ("too_many_requests", True)
    limits.spend_address("192.168.1.6")
    await asyncio.sleep(0.5)
    limits.spend_address("192.168.1.5")
    with pytest.raises(TooManyRequestsError):
        limits.spend_address("192.168.1.5")
    await asyncio.sleep(3600)  # no more than may come at once is saved up
    for _ in range(4):
        limits.spend_address("192.168.1.5")
    with pytest.raises(TooManyRequestsError):
        limits.spend_address("192.168.1.5")
    for number in range(4):  # a token is one wherever it is used
        limits.allowance(f"10.0.0.{number}", "token").spend()
    with pytest.raises(TooManyRequestsError):
        limits.allowance("10.0.0.9", "token").spend()
    with pytest.raises(TooManyRequestsError):
        limits.spend_token("token")
    limits.config = Config(requests_per_s=1000, requests_at_once=1000)  # read again while it runs
    await asyncio.sleep(1)
    for _ in range(900):
        limits.spend_token("token")


async def test_memory_is_bounded_and_the_least_recent_goes() -> None:
    most = 300
    limits = Limits(SLOW, asyncio.get_running_loop().time, most)
    for _ in range(4):
        limits.spend_address("10.0.0.1")
    for number in range(most - 1):
        limits.spend_address(f"172.16.{number // 256}.{number % 256}")
        limits.failed(f"172.16.{number // 256}.{number % 256}")
    with pytest.raises(TooManyRequestsError):
        limits.spend_address("10.0.0.1")  # and is remembered for that
    for number in range(most + 10):
        limits.spend_address(f"172.20.{number // 256}.{number % 256}")
        limits.failed(f"172.20.{number // 256}.{number % 256}")
    assert len(limits._addresses) == len(limits._failures) == most
    limits.spend_address("10.0.0.1")


async def test_requests_in_flight_of_an_address() -> None:
    limits = made()

    async def hold(let_go: asyncio.Event) -> None:
        with limits.in_flight("10.0.0.1"):
            await let_go.wait()

    let_go = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(MAX_IN_FLIGHT):
            group.create_task(hold(let_go))
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequestsError), limits.in_flight("10.0.0.1"):
            pass
        with limits.in_flight("10.0.0.2"):
            pass
        let_go.set()
    with limits.in_flight("10.0.0.1"):
        pass
    assert not limits._in_flight


async def test_each_wrong_login_slows_the_next() -> None:
    limits = made()
    waited = []
    for _ in range(7):
        waited.append(await took_s(limits, "10.0.0.1"))
        limits.failed("10.0.0.1")
    assert waited == [0, 0.25, 0.5, 1, 2, 4, 4]
    assert await took_s(limits, "10.0.0.2") == 0  # nobody else waits
    limits.passed("10.0.0.1")
    assert await took_s(limits, "10.0.0.1") == 0
    limits.failed("10.0.0.1")
    assert await took_s(limits, "10.0.0.1") == 0.25


async def test_logins_at_once_wait_for_each_other_and_a_right_one_lets_all_in() -> None:
    limits = made()
    for _ in range(3):
        limits.failed("10.0.0.1")
    began = now_s()
    waiting = [asyncio.create_task(limits.check("10.0.0.1")) for _ in range(8)]
    await waiting[0]
    assert now_s() - began == pytest.approx(1)
    limits.passed("10.0.0.1")
    await asyncio.gather(*waiting)
    assert now_s() - began == pytest.approx(1)
    for _ in range(6):
        limits.failed("10.0.0.1")
    held = [asyncio.create_task(limits.check("10.0.0.1")) for _ in range(8)]
    results = await asyncio.gather(*held, return_exceptions=True)
    assert [type(each) for each in results].count(TooManyRequestsError) == 6


async def test_an_address_rests_after_many_wrong_logins() -> None:
    limits = made()
    for _ in range(module.FAILURES - 1):
        limits.failed("10.0.0.1")
    waits = asyncio.create_task(limits.check("10.0.0.1"))
    await asyncio.sleep(0)
    limits.failed("10.0.0.1")
    with pytest.raises(TooManyRequestsError) as refused:
        await limits.check("10.0.0.1")  # before anything is looked at
    assert refused.value.retry_after_s == module.REST_S
    assert refused.value.sentence.endswith("try again in 5 min.")
    with pytest.raises(TooManyRequestsError):
        await waits  # also one that was waiting already
    limits.passed("10.0.0.1")  # a right one that was looked at just before does not help
    await asyncio.sleep(module.REST_S - 10)
    with pytest.raises(PiChatError):
        await limits.check("10.0.0.1")
    assert await took_s(limits, "10.0.0.2") == 0
    await asyncio.sleep(11)
    assert await took_s(limits, "10.0.0.1") == 0


async def test_wrong_logins_are_forgotten_after_a_while() -> None:
    limits = made()
    for _ in range(3):
        for _ in range(module.FAILURES - 1):
            limits.failed("10.0.0.1")
        await asyncio.sleep(module.WITHIN_S)
        await limits.check("10.0.0.1")
    assert await took_s(limits, "10.0.0.1") == 0
