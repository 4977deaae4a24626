"""The control socket, the child process and the commands for people."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from pichat.cli.sim import parse_value, sim
from pichat.simulator.control import SimulatorClient
from pichat.simulator.errors import SimulatorAbsentError, SimulatorError
from pichat.simulator.process import SimulatorProcess
from tests.simulator.host import happening, names_in, simulator

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sim")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(directory: Path) -> AsyncIterator[SimulatorClient]:
    async with simulator(directory) as (_, connected):
        yield connected


async def test_list_get_and_set(client: SimulatorClient) -> None:
    devices = await client.list()
    assert [one["id"] for one in devices][:2] == ["kitchen-light", "bedroom-light"]
    assert devices[0]["area"] == "Kitchen" and devices[0]["joined"] is False
    await client.set("front-door-lock", locked=False)
    assert (await client.values("front-door-lock"))["locked"] is False
    about = await client.get("office-plug")
    assert about["units"]["power"] == "W" and "current" not in about["settable"]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"op": "get", "device": "attic"}, "No device 'attic'"),
        ({"op": "get"}, "The field device is missing."),
        ({"op": "dance"}, "No operation 'dance'"),
        ({"op": "set", "device": "kitchen-light", "values": {"on": 1}}, "not true or false"),
        ({"op": "set", "device": "kitchen-light", "values": {"brightness": 101}}, "not between"),
        ({"op": "set", "device": "kitchen-light", "values": {"taste": 1}}, "has no 'taste'"),
        ({"op": "set", "device": "living-room-blinds", "values": {"moving": True}}, "cannot be"),
        ({"op": "set", "device": "kitchen-light"}, "The field values is missing."),
        ({"op": "press", "device": "bathroom-sensor"}, "has no button"),
        ({"op": "settings", "loss": 2}, "loss is not between 0 and 1."),
        ({"op": "settings", "radio_delay_ms": -1}, "radio_delay_ms is not between 0 and"),
        ({"op": "settings", "colour": 1}, "colour"),
        ({"op": "device", "device": "kitchen-light", "deaf": "very"}, "bool"),
        ({"op": "join", "device": "kitchen-light"}, "Joining is not permitted"),
        ({"op": "announce", "device": "kitchen-light"}, "not on the network"),
    ],
)
async def test_refusals_are_sentences(
    client: SimulatorClient, request_: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SimulatorError, match=sentence):
        await client.request(str(request_.pop("op")), **request_)
    assert await client.status(), "the connection lives on"


async def test_lines_that_are_no_requests(client: SimulatorClient, directory: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(directory / "control")
    for line in (b"hello\n", b"[1]\n", b'{"op": 5}\n'):
        writer.write(line)
        answer = json.loads(await reader.readline())
        assert answer["ok"] is False and answer["error"].endswith(".")
    writer.write(b"x" * 100_000 + b"\n")
    assert json.loads(await reader.readline())["error"] == "That line is too long."
    assert await reader.read() == b""
    writer.close()


async def test_watching(client: SimulatorClient) -> None:
    async with happening(client, event="changed", values={"temperature": 25.0}):
        await client.set("bathroom-sensor", temperature=25)
    async with happening(client, event="changed", values={"occupied": True}):
        await client.press("hallway-motion")


async def test_only_the_owner_may_open_the_socket(client: SimulatorClient, directory: Path) -> None:
    assert stat.S_IMODE((directory / "control").stat().st_mode) == 0o600


async def test_a_second_simulator_is_refused(client: SimulatorClient, directory: Path) -> None:
    with pytest.raises(SimulatorError, match="Another simulator already listens"):
        await SimulatorProcess(control=directory / "control").start()


async def test_process_says_why_it_did_not_start(tmp_path: Path) -> None:
    house = tmp_path / "house.yaml"
    house.write_text("devices: 5")
    process = SimulatorProcess(control=tmp_path / "control", house=house)
    with pytest.raises(SimulatorError, match=r"does not fit: Expected `array`, got `int`"):
        await process.start()


async def test_process_ends_and_tells(tmp_path: Path) -> None:
    process = SimulatorProcess(control=tmp_path / "control")
    started = asyncio.Event()
    serving = asyncio.create_task(process.serve(started.set))
    await started.wait()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(SimulatorError, match="The simulator ended"):
        await serving
    # What the killed one left behind does not stop the next.
    async with process, SimulatorClient(tmp_path / "control") as client:
        assert (await client.status())["plugged"]
    assert names_in(tmp_path) == []


async def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pichat.simulator",
        "--until-stdin-closes",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout and process.stdin
    assert (await process.stdout.readline()).startswith(b"/dev/pts/")
    process.stdin.close()
    async with asyncio.timeout(5):
        assert await process.wait() == 0


async def test_absent(tmp_path: Path) -> None:
    with pytest.raises(SimulatorAbsentError, match="Is it running"):
        await SimulatorClient(tmp_path / "control").status()


async def test_a_damaged_state_is_told(tmp_path: Path) -> None:
    state = tmp_path / "stick.json"
    state.write_text("{")
    with pytest.raises(SimulatorError, match="is damaged"):
        await SimulatorProcess(control=tmp_path / "control", state=state).start()


@pytest.mark.parametrize("name", ["control", pytest.param("control.tty", marks=pytest.mark.long)])
async def test_a_file_in_the_way_is_not_taken_away(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(SimulatorError, match=r"no socket|File exists"):
        await SimulatorProcess(control=tmp_path / "control").start()
    assert (tmp_path / name).read_text() == "precious"


async def run(tmp_path: Path, *arguments: str) -> Result:
    command = ["--control", str(tmp_path / "control"), *arguments]
    return await asyncio.to_thread(CliRunner().invoke, sim, command)


async def test_commands_for_people(client: SimulatorClient, directory: Path) -> None:
    listed = await run(directory, "list", "--json")
    assert len(json.loads(listed.output)) == 11
    assert "hallway-motion" in (await run(directory, "list")).output
    await client.set("bathroom-sensor", temperature=25)
    await client.set("kitchen-light", on=False)
    shown = (await run(directory, "show", "bathroom-sensor")).output
    assert "temperature = 25 °C" in shown
    await run(directory, "set", "bathroom-sensor", "temperature=23", "humidity=40")
    assert (await client.values("bathroom-sensor"))["humidity"] == 40
    await run(directory, "set", "bedroom-thermostat", "mode=off")
    assert (await client.values("bedroom-thermostat"))["mode"] == "off"
    await run(directory, "motion", "hallway-motion")
    assert (await client.values("hallway-motion"))["occupied"] is True
    await run(directory, "open", "front-door")
    assert (await client.values("front-door"))["open"] is True
    await run(directory, "close", "living-room-blinds")
    assert (await client.values("living-room-blinds"))["position"] == 0
    await run(directory, "press", "kitchen-light")
    assert (await client.values("kitchen-light"))["on"] is True
    await run(directory, "deaf", "kitchen-light")
    assert (await client.get("kitchen-light"))["link"]["deaf"] is True
    await run(directory, "deaf", "kitchen-light", "--off")
    assert (await client.get("kitchen-light"))["link"]["deaf"] is False
    await run(directory, "radio", "--delay-ms", "3", "--loss", "0.5")
    settings = (await client.status())["settings"]
    assert (settings["radio_delay_ms"], settings["loss"]) == (3, 0.5)


async def test_commands_that_fail(tmp_path: Path) -> None:
    absent = await run(tmp_path, "list")
    assert absent.exit_code == 1 and absent.output.count("\n") == 1
    assert (await run(tmp_path, "set", "kitchen-light", "bright")).exit_code == 2
    assert (await run(tmp_path, "radio", "--loss", "2")).exit_code == 2


async def test_values_as_people_write_them() -> None:
    assert [parse_value(text) for text in ("on", "No", "21.5", "heat")] == [
        True,
        False,
        21.5,
        "heat",
    ]
