"""Who comes in with which token, and who does not."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest

from pichat.config.types import Secret
from tests.gateway.fakes import OWN_SECRET, World, running_world
from tests.gateway.screen import DEADLINE_S, Screen, connect


@pytest.fixture
async def locked() -> AsyncIterator[World]:
    async with running_world(trust_loopback=False) as running:
        yield running


async def status_of(world: World, path: str, **headers: str) -> tuple[int, dict[str, object]]:
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
    status, body = await status_of(locked, "/api/profiles")
    assert (status, body["code"]) == (401, "unauthenticated")
    for header in (f"Bearer {secret}", f"bearer  {secret} "):
        status, body = await status_of(locked, "/api/profiles", Authorization=header)
        assert (status, body["code"]) == (403, "not_allowed")
    admin = await locked.token("admin")
    assert (await status_of(locked, "/api/profiles", Authorization=f"Bearer {admin}"))[0] == 200
    own = f"Bearer {OWN_SECRET}"
    assert (await status_of(locked, "/api/profiles", Authorization=own))[0] == 200
    for wrong in (f"Bearer {secret[:-1]}", secret, "Bearer", "Digest x"):
        assert (await status_of(locked, "/", Authorization=wrong))[0] == 401
    # What a proxy in front asks a browser for says nothing to us.
    assert (await status_of(locked, "/health", Authorization="Basic eDp5"))[0] == 200


async def test_a_wrong_token_is_refused_even_from_this_machine(world: World) -> None:
    assert (await status_of(world, "/api/profiles"))[0] == 200
    assert (await status_of(world, "/api/profiles", Authorization="Bearer wrong"))[0] == 401
    assert (await status_of(world, "/api/profiles", **{"X-Forwarded-For": "1.2.3.4"}))[0] == 401
    async with connect(world.url) as screen:
        await screen.still_there()
        reply = await screen.ask("authenticate", {"token": "wrong"})
        assert reply["payload"]["code"] == "unauthenticated"
        assert (await screen.ask("ping"))["payload"]["code"] == "unauthenticated"


async def test_the_api_token_of_the_configuration(locked: World) -> None:
    config = locked.door.config
    locked.gateway.reconfigure(_with(config, api_token=Secret("a static one of config.yaml")))
    header = "Bearer a static one of config.yaml"
    assert (await status_of(locked, "/api/profiles", Authorization=header))[0] == 200
    locked.gateway.reconfigure(config)
    assert (await status_of(locked, "/api/profiles", Authorization=header))[0] == 401
    assert (await status_of(locked, "/api/profiles", Authorization="Bearer "))[0] == 401


def _with(config: object, **changes: object) -> object:
    from msgspec import structs

    return structs.replace(config, **changes)  # type: ignore[type-var]
