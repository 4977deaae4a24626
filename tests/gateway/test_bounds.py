"""What one client may cost, whoever it is and whatever it sends."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pichat.config.types import Limits, Server
from pichat.gateway.door.crowd import SPARE, SPARE_OF_ADDRESS, Crowd
from pichat.gateway.door.limits import FAILURES, MAX_IN_FLIGHT
from pichat.gateway.door.stranger import FRAME_BYTES, FRAMES
from tests.gateway.fakes import World, running_world
from tests.gateway.raw import UPGRADE, ask, plain
from tests.gateway.screen import DEADLINE_S, Screen, connect
from tests.gateway.test_tls import secure_world, trusting

ONE_MB = 1024 * 1024
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
async def locked() -> AsyncIterator[World]:
    async with running_world(trust_loopback=False) as running:
        yield running


@pytest.fixture
async def patient() -> AsyncIterator[World]:
    """Though not for long."""
    async with running_world(header_timeout_s=0.2, unread_patience_s=0.2) as running:
        yield running


def with_token(secret: str, path: str = "/api/profiles") -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n\r\n".encode()
    )


async def closed(screen: Screen) -> int | None:
    """The code it is closed with; frames before are passed over."""
    async with asyncio.timeout(DEADLINE_S):
        while (await screen.socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    return screen.socket.close_code


# --- connections ---------------------------------------------------------------------------


async def test_more_screens_than_allowed_are_told_so() -> None:
    async with running_world(limits=Limits(connections=1)) as world:
        async with connect(world.url) as first:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with connect(world.url):
                    pass
            assert refused.value.status == 503
            await first.still_there()
        async with asyncio.timeout(DEADLINE_S):
            await _comes_in(world.url)


async def _comes_in(url: str) -> None:
    """The server hears of a goodbye a moment after it was said."""
    while True:
        try:
            async with connect(url) as screen:
                await screen.still_there()
                return
        except aiohttp.WSServerHandshakeError:
            pass


async def test_connections_of_an_address_are_counted_though_they_send_nothing() -> None:
    limits = Limits(connections_per_address=3)
    async with (
        running_world(trust_loopback=False, limits=limits) as world,
        contextlib.AsyncExitStack() as stack,
    ):
        silent = [await stack.enter_async_context(plain(world.url)) for _ in range(3)]
        # A few more are told why they are too many.
        async with plain(world.url) as fourth:
            fourth.send(HEALTH)
            status, headers, text = await fourth.answer()
            assert (status, headers["connection"]) == (429, "close")
            assert int(headers["retry-after"]) >= 1
            assert "too many connections open" in text
        silent += [
            await stack.enter_async_context(plain(world.url)) for _ in range(SPARE_OF_ADDRESS)
        ]
        # And then nothing is done for them.
        async with plain(world.url) as refused:
            assert await refused.ended() == b""
        assert (await ask(world.url, HEALTH, local="127.0.0.2"))[0] == 200
        for each in silent:
            each.writer.close()
        async with asyncio.timeout(DEADLINE_S):
            while world.gateway._crowd._of.get("127.0.0.1"):
                assert (await ask(world.url, HEALTH, local="127.0.0.2"))[0] == 200
        assert (await ask(world.url, HEALTH))[0] == 200


def test_this_machines_own_connections_are_counted_apart() -> None:
    crowd = Crowd(Server(limits=Limits(connections=2, connections_per_address=1)))
    others = [crowd.enter(f"192.168.1.{number}") for number in range(2 + SPARE)]
    assert None not in others
    assert crowd.enter("192.168.2.1") is None
    own = [crowd.enter("127.0.0.1") for _ in range(2 + SPARE)]
    assert None not in own
    assert crowd.enter("::1") is None
    crowd.leave("")
    assert crowd.enter("::ffff:127.0.0.1") == ""
    assert not crowd.is_crowded("127.0.0.1")
    crowd.leave("192.168.1.0")
    key = crowd.enter("fe80::1%eth0")
    assert key == "fe80::1"
    assert not crowd.is_crowded("fe80::1")
    crowd.config = Server(trust_loopback=False)
    assert crowd.enter("127.0.0.1") == "127.0.0.1"


async def test_connections_over_tls_are_counted_until_they_end(tmp_path: Path) -> None:
    async with secure_world(tmp_path, trust_loopback=False) as (world, certificate):
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{world.url}/health", ssl=trusting(certificate)) as response:
                assert response.headers["X-Content-Type-Options"] == "nosniff"
            async with plain(world.url):  # and never begins its handshake
                async with plain(world.url) as bad:
                    bad.send(b"\x16\x03\x01\x00\x05hello")
                    await bad.ended()
                assert world.gateway._crowd._of["127.0.0.1"] == 2
        async with asyncio.timeout(DEADLINE_S):
            while world.gateway._crowd._of.get("127.0.0.1"):
                async with plain(world.url, "127.0.0.2") as other:
                    other.send(HEALTH)
                    assert (await other.head())[0] == 308


# --- requests ------------------------------------------------------------------------------


async def test_requests_are_counted_over_http_and_websocket() -> None:
    limits = Limits(requests_per_s=0.01, requests_at_once=5)
    async with running_world(trust_loopback=False, limits=limits) as world:
        secret = await world.token("guest")
        for _ in range(5):
            assert (await ask(world.url, HEALTH))[0] == 200
        status, headers, text = await ask(world.url, HEALTH)
        assert (status, json.loads(text)["code"]) == (429, "too_many_requests")
        assert headers["retry-after"] == "100"
        # The same token from elsewhere: one request for the upgrade, four frames.
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            aiohttp.TCPConnector(local_addr=("127.0.0.2", 0)) as connector,
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(f"{world.url}/ws", headers=headers) as socket,
        ):
            screen = Screen(socket)
            for _ in range(4):
                await screen.still_there()
            for frame in ('{"action": "ping", "request_id": "mine"}', "no request"):
                await socket.send_str(frame)
            reply = await screen.receive()
            assert reply["request_id"] == "mine"
            assert (reply["payload"]["code"], reply["payload"]["retryable"]) == (
                "too_many_requests",
                True,
            )
            assert (await screen.receive())["payload"]["code"] == "bad_request"
        assert (await ask(world.url, with_token(secret), local="127.0.0.3"))[0] == 429
    async with running_world(limits=limits) as trusted, connect(trusted.url) as screen:
        for _ in range(20):
            assert (await ask(trusted.url, HEALTH))[0] == 200
            await screen.still_there()


async def test_a_client_on_http_may_have_so_many_requests_under_way(locked: World) -> None:
    secret = await locked.token("guest")
    body = b"POST /api/profiles HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"
    body += f"Authorization: Bearer {await locked.token('admin')}\r\n\r\n".encode()
    async with contextlib.AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(plain(locked.url)) for _ in range(MAX_IN_FLIGHT)]
        for wire in wires:
            wire.send(body)  # and the rest of the body does not come
        async with asyncio.timeout(DEADLINE_S):
            while locked.door.limits._in_flight.get("127.0.0.1") != MAX_IN_FLIGHT:
                await ask(locked.url, HEALTH, local="127.0.0.2")
        status, _, text = await ask(locked.url, with_token(secret))
        assert (status, "requests running" in text) == (429, True)
        assert (await ask(locked.url, with_token(secret), local="127.0.0.2"))[0] == 403
    async with asyncio.timeout(DEADLINE_S):
        while locked.door.limits._in_flight.get("127.0.0.1"):
            await ask(locked.url, HEALTH, local="127.0.0.2")


async def test_wrong_tokens_wait_and_then_rest(locked: World) -> None:
    right = await locked.token("admin")
    for _ in range(FAILURES - 1):
        locked.door.limits.failed("127.0.0.1")
    locked.door.limits._failures.get("127.0.0.1").next_s = 0  # type: ignore[union-attr]
    assert (await ask(locked.url, with_token("wrong")))[0] == 401
    status, headers, text = await ask(locked.url, with_token(right))
    assert (status, headers["retry-after"]) == (429, "300")
    assert "wrong logins" in text
    assert (await ask(locked.url, HEALTH))[0] == 200  # who shows no token is no guesser
    assert (await ask(locked.url, with_token(right), local="127.0.0.2"))[0] == 200
    async with connect(locked.url) as screen:
        reply = await screen.ask("authenticate", {"token": right})
        assert reply["payload"]["code"] == "too_many_requests"


# --- before anybody knows who it is ----------------------------------------------------------


async def test_a_stranger_may_send_a_few_small_frames(locked: World) -> None:
    async with connect(locked.url) as screen:
        for _ in range(FRAMES):
            assert (await screen.ask("ping"))["payload"]["code"] == "unauthenticated"
        await screen.send("ping")
        assert (await screen.receive())["payload"]["code"] == "unauthenticated"
        assert await closed(screen) == 4401
    async with connect(locked.url) as screen:
        reply = await screen.error_of(json.dumps({"action": "ping", "x": "x" * FRAME_BYTES}))
        assert (reply["payload"]["code"], "4096 bytes" in reply["error"]) == ("too_large", True)
        assert await closed(screen) == 4401
    # A frame of 4 MB, of which only the beginning comes: nobody waits for the rest.
    async with plain(locked.url) as wire:
        wire.send(UPGRADE + b"\r\n" + b"\x81\xff" + (4 << 20).to_bytes(8, "big") + b"\0\0\0\0")
        assert (await wire.head())[0] == 101
        wire.send(b"x" * 20_000)
        assert b"too_large" in await wire.ended()
    # In one breath: who it is, and what it wants.
    secret = await locked.token("guest")
    async with connect(locked.url) as screen:
        await screen.send("authenticate", {"token": secret})
        await screen.send("get_devices")
        first, second = await screen.receive(), await screen.receive()
        assert (first["status"], second["status"]) == ("complete", "complete")
        long = {"text": "turn on " + "x" * (2 * FRAME_BYTES)}
        assert (await screen.ask("chat", long))["status"] == "error"
        await screen.still_there()
        # Who it was is gone with a wrong token, and what it may send with it.
        await screen.ask("authenticate", {"token": "wrong"})
        await screen.send("chat", long)
        assert await closed(screen) == 4401


async def test_a_body_that_does_not_go_on(patient: World) -> None:
    head = b"POST /api/profiles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    async with plain(patient.url) as wire:
        wire.send(head + b"Content-Length: 900\r\n\r\n{")
        status, _, text = await wire.answer()
        assert (status, "did not come" in text) == (400, True)
    deep = b'{"name": "x", "x": ' + b"[" * 50_000 + b"]" * 10
    for body in (deep, b"[" * 60_000):
        sent = head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        status, _, text = await ask(patient.url, sent)
        assert (status, "levels deep" in text) == (400, True)


async def test_the_header_of_a_second_request_may_not_last_either(patient: World) -> None:
    async with plain(patient.url) as wire, plain(patient.url) as silent:
        wire.send(HEALTH)
        assert (await wire.answer())[0] == 200
        wire.send(HEALTH[:-4])
        assert await wire.ended() == b""
        assert await silent.ended() == b""


async def test_who_answers_no_ping_is_gone(world: World) -> None:
    world.gateway._sockets.heartbeat_s = 0.4
    async with connect(world.url) as alive, plain(world.url) as dead:
        dead.send(UPGRADE + b"\r\n")
        assert (await dead.head())[0] == 101
        answering = asyncio.create_task(alive.receive())  # as long as it waits for something
        assert (await dead.ended()).startswith(b"\x89\x00")
        await alive.send("ping")
        assert (await answering)["action"] == "pong"


# --- who does not read ----------------------------------------------------------------------


async def test_who_reads_nothing_over_http_is_let_go(patient: World) -> None:
    many = b"GET /static/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 5000
    async with plain(patient.url) as lazy, connect(patient.url) as other:
        lazy.reader._transport.pause_reading()  # type: ignore[attr-defined]
        lazy.send(many)
        while len(open_to(patient)) < 2:
            await other.still_there()
        async with asyncio.timeout(DEADLINE_S):
            while len(open_to(patient)) > 1:
                assert max(map(unread, open_to(patient))) <= ONE_MB
                await other.still_there()


async def test_who_reads_no_replies_has_a_bounded_queue_and_is_let_go(patient: World) -> None:
    patient.clips.sound = bytes(700 * 1024)
    most = 0
    async with connect(patient.url) as lazy, connect(patient.url) as other:
        lazy.transport.pause_reading()
        for _ in range(30):  # each wants to write at once
            await lazy.send("text_to_speech", {"text": "Long.", "binary": True})
        async with asyncio.timeout(DEADLINE_S):
            while len(open_to(patient)) > 1:
                most = max(most, *map(unread, open_to(patient)))
                await other.still_there()
        lazy.transport.abort()
    assert ONE_MB // 2 < most <= ONE_MB + 701 * 1024


def open_to(world: World) -> list[asyncio.Transport]:
    server = world.gateway._runner.server
    assert server is not None
    return [each.transport for each in server.connections if each.transport is not None]


def unread(transport: asyncio.Transport) -> int:
    return transport.get_write_buffer_size()
