"""Only a few large bodies are held at once."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pichat.errors import BusyError
from pichat.gateway.large import LARGE_BYTES, Room
from tests.gateway.http import connected

SMALL, LARGE = "hm", "x" * LARGE_BYTES


async def test_a_large_body_waits_for_its_place_and_a_small_one_does_not() -> None:
    room = Room(at_once=1, patience_s=0.1)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        try:
            async with room.of(request, 2 * LARGE_BYTES):
                if len(await request.read()) > LARGE_BYTES:
                    inside.set()
                    await leave.wait()
        except BusyError:
            return web.json_response(status=503)
        return web.json_response({})

    application = web.Application(client_max_size=2 * LARGE_BYTES)
    application.router.add_post("/", take)
    async with TestServer(application) as server, connected(str(server.make_url(""))) as http:
        first = asyncio.create_task(http.ask("POST", "/", LARGE))
        await inside.wait()
        assert (await http.ask("POST", "/", SMALL))[0] == 200
        assert (await http.ask("POST", "/", LARGE))[0] == 503
        second = asyncio.create_task(http.ask("POST", "/", LARGE))
        leave.set()
        assert [(await each)[0] for each in (first, second)] == [200, 200]


@pytest.mark.parametrize("size", [0, 1])
async def test_a_room_without_places_still_takes_what_is_small(size: int) -> None:
    room = Room(at_once=0, patience_s=0.0)

    async def take(request: web.Request) -> web.Response:
        async with room.of(request, 64):
            return web.json_response({"read": len(await request.read())})

    application = web.Application()
    application.router.add_post("/", take)
    async with TestServer(application) as server, connected(str(server.make_url(""))) as http:
        assert (await http.ask("POST", "/", size or None))[1] == {"read": size}
