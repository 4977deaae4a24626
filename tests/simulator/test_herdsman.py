"""The simulated stick held to account by a second host, written by other people in another
language: zigbee-herdsman, from npm. `scripts/setup --all` installs it under `build/herdsman`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pichat.simulator.control import SimulatorClient
from tests.simulator.host import happening, simulator

pytestmark = pytest.mark.long
SCRIPT = Path(__file__).parent / "herdsman" / "client.mjs"
INSTALLED = Path(__file__).parents[2] / "build" / "herdsman"
STEP_S = 60.0
LAMP = "0x000d6f000a000001"
HOUSE = """
devices:
  - {id: lamp, name: Lamp, area: Hall, kind: light-dimmable, ieee: "00:0d:6f:00:0a:00:00:01"}
"""


class Herdsman:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def step(self, name: str) -> dict[str, Any]:
        """The next step that it has done, which has to be this one; it waits until `go`."""
        assert self._process.stdout is not None
        async with asyncio.timeout(STEP_S):
            line = await self._process.stdout.readline()
        if not line:
            await self._process.wait()
            assert self._process.stderr is not None
            complaints = (await self._process.stderr.read()).decode("utf-8", "replace")
            pytest.fail(f"herdsman ended before it had {name}:\n{complaints}")
        told: dict[str, Any] = json.loads(line)
        assert told.pop("step") == name
        return told

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")

    async def end(self) -> int:
        async with asyncio.timeout(STEP_S):
            return await self._process.wait()


@asynccontextmanager
async def herdsman(path: str, directory: Path) -> AsyncIterator[Herdsman]:
    if not (INSTALLED / "node_modules").is_dir():
        pytest.fail("zigbee-herdsman is not installed: run scripts/setup --all")
    process = await asyncio.create_subprocess_exec(
        "node",
        str(SCRIPT),
        path,
        str(directory),
        cwd=INSTALLED,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Herdsman(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("version", [13, 18])
async def test_the_whole_life_of_a_network(version: int, tmp_path: Path) -> None:
    house = tmp_path / "house.yaml"
    house.write_text(HOUSE)
    async with (
        simulator(tmp_path, house=house, ezsp_version=version) as (process, client),
        herdsman(process.path, tmp_path) as other,
    ):
        await _first_life(other, client, version, tmp_path)
        assert await other.step("resumed") == {"result": "resumed", "ieee": LAMP}
        other.go()
        await other.step("switched_again")
        assert (await client.values("lamp"))["on"] is False
        other.go()
        assert (await other.step("moved"))["channel"] == 20
        network = (await client.status())["network"]
        assert network["channel"] == 20 and network["update_id"] == 1
        async with happening(client, event="left", device="lamp"):
            other.go()
            await other.step("removed")
        assert (await client.get("lamp"))["joined"] is False
        other.go()
        await other.step("done")
        other.go()
        assert await other.end() == 0


async def _first_life(
    other: Herdsman, client: SimulatorClient, version: int, directory: Path
) -> None:
    started = await other.step("started")
    assert (started["result"], started["ezsp"]) == ("reset", version)
    network = (await client.status())["network"]
    assert (network["pan"], network["channel"]) == (0x1A62, 11)
    other.go()
    await other.step("backed_up")
    backup = json.loads((directory / "coordinator_backup.json").read_bytes())
    assert backup["pan_id"] == "1a62" and backup["channel"] == 11
    assert backup["network_key"]["key"] == "01030507090b0d0f00020406080a0c0d"
    other.go()
    joined = await other.step("joined")
    assert joined["status"] == "successful" and joined["ieee"] == LAMP
    assert (joined["maker"], joined["model"]) == ("PiChat Simulated", "SIM-LIGHT-2")
    assert (await client.get("lamp"))["joined"] is True
    other.go()
    await other.step("switched")
    lamp = await client.get("lamp")
    assert lamp["values"]["on"] is True
    assert {"cluster": 6, "endpoint": 1, "group": None} in lamp["bindings"]
    assert lamp["reporting"][0]["max_s"] == 600
    other.go()
    await other.step("stopped")
    other.go()
