import asyncio
from collections.abc import Mapping

import aiohttp
import pytest

from pichat import __version__
from pichat.config.types import Server
from pichat.errors import StartError
from pichat.gateway.server import Gateway
from tests.gateway.fakes import World, running_world
from tests.gateway.screen import DEADLINE_S, Screen, connect


async def get(url: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text(), response.headers


async def test_health_tells_each_part(world: World) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{world.url}/health") as response:
            assert response.status == 200
            assert await response.json() == {
                "status": "ok",
                "version": __version__,
                "parts": {
                    "microphone": {"status": "ok", "reason": None},
                    "zigbee": {"status": "ok", "reason": None},
                },
            }
        world.health.set("microphone", "degraded", "There is none.")
        async with session.get(f"{world.url}/health") as response:
            assert response.status == 200
            assert (await response.json())["status"] == "degraded"
        world.health.set("zigbee", "failed", "The stick is gone.")
        async with session.get(f"{world.url}/health") as response:
            assert response.status == 503
            assert (await response.json())["parts"]["zigbee"]["reason"] == "The stick is gone."


async def test_metrics_count_turns_screens_and_devices(world: World, screen: Screen) -> None:
    world.house.silent.add("Hallway light")
    await screen.ask("chat", {"text": "turn on the Kitchen light", "source": "shell"})
    await screen.ask("chat", {"text": "turn on the Hallway light"})
    world.house.report("00:12:4b:00:00:00:00:05", available=False)
    world.health.set("microphone", "degraded", "There is none.")
    await screen.still_there()
    status, text, headers = await get(f"{world.url}/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for line in (
        'pichat_turns_total{outcome="ok",source="shell"} 1.0',
        'pichat_turns_total{outcome="device_silent",source="screen"} 1.0',
        'pichat_turn_stage_seconds_count{stage="act"} 2.0',
        'pichat_tool_outcomes_total{outcome="device_silent",tool="set_device_state"} 1.0',
        "pichat_screens 1.0",
        'pichat_devices{available="true"} 10.0',
        'pichat_devices{available="false"} 1.0',
        'pichat_part_status{part="microphone",status="degraded"} 1.0',
        'pichat_part_status{part="microphone",status="ok"} 0.0',
        f'pichat_info{{version="{__version__}"}} 1.0',
    ):
        assert line in text
    assert "process_resident_memory_bytes" in text


async def test_the_page_and_its_files_come_with_their_headers(world: World) -> None:
    status, text, headers = await get(f"{world.url}/")
    assert status == 200
    assert "<title>PiChat" in text
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "PiChat"
    assert headers["Cache-Control"] == "no-cache"
    status, _, headers = await get(f"{world.url}/static/app.js")
    assert status == 200
    assert "javascript" in headers["Content-Type"]
    etag = headers["ETag"]
    assert (await get(f"{world.url}/static/app.js", **{"If-None-Match": etag}))[0] == 304


@pytest.mark.parametrize(
    "path", ["/nothing", "/static/nothing.js", "/static/../server.py", "/static/%2e%2e/bus.py"]
)
async def test_nothing_else_is_served(world: World, path: str) -> None:
    status, text, headers = await get(f"{world.url}{path}")
    assert status == 404
    assert "Traceback" not in text
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_header_that_never_ends_is_cut_off() -> None:
    async with (
        running_world(header_timeout_s=0.2) as world,
        asyncio.timeout(DEADLINE_S),
        connect(world.url) as screen,
    ):
        port = int(world.url.rsplit(":", 1)[1])
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-")
            assert await reader.read() == b""
            writer.close()
        await screen.still_there()  # the same limit does not end a socket that is open


async def test_a_taken_port_is_one_line(world: World) -> None:
    port = int(world.url.rsplit(":", 1)[1])
    other = Gateway(Server(port=port), world.gateway._services)
    with pytest.raises(StartError) as refused:
        await other.start()
    assert refused.value.sentence == (
        f"Port {port} on 127.0.0.1 is in use: another PiChat or another program listens there."
        " Stop it, or set server.port in config.yaml."
    )


async def test_an_address_of_another_machine_is_one_line(world: World) -> None:
    for host in ("192.0.2.1", "no such host"):
        with pytest.raises(StartError) as refused:
            await Gateway(Server(host=host, port=0), world.gateway._services).start()
        assert "no address of this machine" in refused.value.sentence


async def test_stopping_says_goodbye_and_ends_what_runs() -> None:
    async with running_world() as world:
        async with connect(world.url) as screen:
            await screen.send("chat", {"text": "wait"})
            await world.turns.waiting.wait()
            stopping = asyncio.create_task(world.gateway.stop())
            while (message := await screen.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            async with asyncio.timeout(DEADLINE_S):
                await stopping
        assert world.turns.ended.is_set()
