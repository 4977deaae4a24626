"""Who comes in with which token, and who does not."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from msgspec import structs

from pichat.config.types import Secret
from tests.gateway.fakes import OWN_SECRET, World, running_world
from tests.gateway.screen import DEADLINE_S, Screen, connect


@pytest.fixture
async def locked() -> AsyncIterator[World]:
    async with running_world(trust_loopback=False) as running:
        yield running


async def get(world: World, path: str, **headers: str) -> tuple[int, dict[str, object]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{world.url}{path}", headers=headers) as response,
    ):
        return response.status, await response.json()


async def closed(screen: Screen) -> tuple[int | None, str]:
    """Its close code and reason; frames before are passed over."""
    async with asyncio.timeout(DEADLINE_S):
        while (message := await screen.socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
    assert message.type is aiohttp.WSMsgType.CLOSE
    return message.data, str(message.extra)


async def test_a_token_in_the_header(locked: World) -> None:
    secret = await locked.token("agent", area="Kitchen")
    status, body = await get(locked, "/api/profiles")
    assert (status, body["code"]) == (401, "unauthenticated")
    for header in (f"Bearer {secret}", f"bearer  {secret} "):
        status, body = await get(locked, "/api/profiles", Authorization=header)
        assert (status, body["code"]) == (403, "not_allowed")
        status, body = await get(locked, "/api/me", Authorization=header)
        assert (body["name"], body["scope"], body["area"]) == ("Test agent", "agent", "Kitchen")
    admin = await locked.token("admin")
    assert (await get(locked, "/api/profiles", Authorization=f"Bearer {admin}"))[0] == 200
    own = f"Bearer {OWN_SECRET}"
    assert (await get(locked, "/api/profiles", Authorization=own))[0] == 200
    # What a proxy in front asks a browser for says nothing to us.
    assert (await get(locked, "/health", Authorization="Basic eDp5"))[0] == 200
    for wrong in (f"Bearer {secret[:-1]}", secret, "Bearer", "Digest x"):
        assert (await get(locked, "/health", Authorization=wrong))[0] == 401


async def test_a_wrong_token_is_refused_even_from_this_machine(world: World) -> None:
    assert (await get(world, "/api/profiles"))[0] == 200
    assert (await get(world, "/api/profiles", Authorization="Bearer wrong"))[0] == 401
    assert (await get(world, "/api/profiles", **{"X-Forwarded-For": "1.2.3.4"}))[0] == 401
    async with connect(world.url) as screen:
        assert (await screen.ask("authenticate"))["payload"]["id"] == "this-machine"
        reply = await screen.ask("authenticate", {"token": "wrong"})
        assert reply["payload"]["code"] == "unauthenticated"
        assert (await screen.ask("ping"))["payload"]["code"] == "unauthenticated"


async def test_the_static_token_of_the_configuration(locked: World) -> None:
    config = locked.door.config
    static = structs.replace(config, api_token=Secret("a static one of config.yaml"))
    locked.gateway.reconfigure(static)
    header = "Bearer a static one of config.yaml"
    status, body = await get(locked, "/api/me", Authorization=header)
    assert (status, body["scope"], body["id"]) == (200, "admin", "api-token")
    locked.gateway.reconfigure(config)
    assert (await get(locked, "/api/me", Authorization=header))[0] == 401


async def test_nobody_learns_more_than_that_it_works(locked: World) -> None:
    assert await get(locked, "/health") == (200, {"status": "ok"})
    locked.health.set("zigbee", "failed", "The stick is gone.")
    assert await get(locked, "/health") == (503, {"status": "failed"})
    header = f"Bearer {await locked.token('guest')}"
    status, body = await get(locked, "/health", Authorization=header)
    assert (status, "zigbee" in body["parts"]) == (503, True)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["token", "access_token", "API_KEY", "q"])
async def test_a_token_in_an_address_is_refused(locked: World, name: str) -> None:
    secret = await locked.token("admin")
    status, body = await get(locked, f"/api/me?{name}={secret}", Authorization=f"Bearer {secret}")
    assert (status, body["code"]) == (400, "bad_request")
    assert "Authorization: Bearer" in str(body["error"])
    assert secret not in json.dumps(body)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connect(f"{locked.url}", path=f"/ws/chat?{name}={secret}"):
            pass
    assert refused.value.status == 400


async def test_a_token_in_the_subprotocol(locked: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = await locked.token("screen", area="Hall")
    async with connect(locked.url, protocols=("pichat", f"pichat.token.{secret}")) as screen:
        assert screen.socket.protocol == "pichat"
        reply = await screen.ask("authenticate")
        assert (reply["payload"]["scope"], reply["payload"]["area"]) == ("screen", "Hall")
    for protocols, status in (
        (("pichat", f"pichat.token.{secret}x"), 401),
        ((f"pichat.token.{secret}",), 400),
        (("something-else",), 400),
        (("pichat", f"pichat.token.{secret}", "pichat.token.other"), 400),
    ):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connect(locked.url, protocols=protocols):
                pass
        assert refused.value.status == status, protocols
    assert secret not in caplog.text


async def test_a_first_message_says_who_it_is(locked: World) -> None:
    secret = await locked.token("guest")
    async with connect(locked.url) as screen:
        assert (await screen.ask("ping"))["payload"]["code"] == "unauthenticated"
        assert (await screen.ask("authenticate"))["payload"]["code"] == "unauthenticated"
        reply = await screen.ask("authenticate", {"token": secret})
        assert reply["payload"]["scope"] == "guest"
        await screen.still_there()
        assert (await screen.ask("get_tokens"))["payload"]["code"] == "not_allowed"
        # Somebody else from now on, who has to subscribe anew.
        await screen.ask("subscribe", {"topics": ["devices"]})
        await screen.ask("authenticate", {"token": OWN_SECRET})
        locked.house.report("00:12:4b:00:00:00:00:01", on_off=True)
        await screen.send("get_tokens")
        assert (await screen.receive())["action"] == "get_tokens"


async def test_who_says_nothing_is_shown_the_door() -> None:
    async with running_world(trust_loopback=False, patience_s=0.05) as world:
        async with connect(world.url) as screen:
            assert await closed(screen) == (4401, "Nobody said who this is.")
        secret = await world.token("guest")
        async with connect(world.url) as silent, connect(world.url) as known:
            await known.ask("authenticate", {"token": secret})
            await closed(silent)
            await known.still_there()


async def test_a_revoked_token_ends_what_it_has_at_once(locked: World) -> None:
    secret, admin = await locked.token("screen"), await locked.token("admin")
    protocols = ("pichat", f"pichat.token.{secret}")
    async with connect(locked.url, protocols=protocols) as screen, connect(locked.url) as other:
        await other.ask("authenticate", {"token": admin})
        await screen.send("chat", {"text": "wait"})
        await locked.turns.waiting.wait()
        tokens = (await other.ask("get_tokens"))["payload"]["tokens"]
        mine = next(each for each in tokens if each["scope"] == "screen")
        assert (mine["connected"], mine["own"], mine["last_used_s"] is None) == (1, False, False)
        renamed = await other.ask(
            "update_token", {"token_id": mine["id"], "name": "Hall", "area": "hallway"}
        )
        assert renamed["payload"]["token"]["area"] == "Hallway"
        assert (await screen.ask("authenticate"))["payload"]["name"] == "Hall"
        revoked = await other.ask("revoke_token", {"token_id": mine["id"]})
        assert revoked["payload"]["name"] == "Hall"
        assert await closed(screen) == (4401, "Its token was revoked.")
        await asyncio.wait_for(locked.turns.ended.wait(), DEADLINE_S)
        assert (await get(locked, "/api/me", Authorization=f"Bearer {secret}"))[0] == 401
        again = await other.ask("revoke_token", {"token_id": mine["id"]})
        assert again["payload"]["code"] == "not_found"
        assert (await other.ask("sign_out"))["payload"]["name"] == "Test admin"
        assert await closed(other) == (4401, "Its token was revoked.")
    assert locked.door.tokens.all() == ()


async def test_tokens_over_http(locked: World) -> None:
    headers = {"Authorization": f"Bearer {OWN_SECRET}"}
    async with aiohttp.ClientSession(locked.url, headers=headers) as session:
        made = {"name": "Calendar", "area": "office"}
        async with session.post("/api/tokens", json=made) as response:
            assert response.status == 201
            created = await response.json()
        path = f"/api/tokens/{created['token']['id']}"
        assert (created["token"]["area"], created["token"]["scope"]) == ("Office", "agent")
        async with session.patch(path, json={"area": None}) as response:
            assert (await response.json())["token"]["area"] is None
        for wrong in ({}, {"name": " "}, {"name": "a\x1b[2J"}, {"name": None}):
            async with session.patch(path, json=wrong) as response:
                assert response.status == 400, wrong
        async with session.post("/api/tokens", json={"name": "x", "user": "nobody"}) as response:
            assert (response.status, (await response.json())["code"]) == (404, "not_found")
        own = {"Authorization": f"Bearer {created['secret']}"}
        async with session.delete("/api/me", headers=own) as response:
            assert (response.status, (await response.json())["name"]) == (200, "Calendar")
        async with session.get("/api/tokens") as response:
            assert await response.json() == {"tokens": [], "pairings": []}
        async with session.delete(path) as response:
            assert response.status == 404


async def test_a_revoked_token_ends_requests_over_http_too(locked: World) -> None:
    secret = await locked.token("agent")
    (token,) = locked.door.tokens.all()
    headers = {"Authorization": f"Bearer {secret}"}
    asked = {"messages": [{"role": "user", "content": "wait"}], "stream": True}
    async with aiohttp.ClientSession(locked.url, headers=headers) as session:
        asking = asyncio.create_task(_read(session, "/v1/chat/completions", asked))
        await asyncio.wait_for(locked.turns.waiting.wait(), DEADLINE_S)
        await locked.door.tokens.revoke(token.id)
        with pytest.raises(aiohttp.ClientError):
            await asyncio.wait_for(asking, DEADLINE_S)
    await asyncio.wait_for(locked.turns.ended.wait(), DEADLINE_S)


async def _read(session: aiohttp.ClientSession, path: str, body: dict[str, object]) -> bytes:
    async with session.post(path, json=body) as response:
        return await response.read()
