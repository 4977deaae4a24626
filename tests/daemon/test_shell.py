"""The whole path by text: a shell and a WebSocket against the real daemon and simulated house."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from pichat.cli.client import connect
from tests.support.daemon import DaemonProcess, chat, json_lines, pichat, running_daemon


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def daemon(state_dir: Path) -> AsyncIterator[DaemonProcess]:
    async with running_daemon(state_dir, simulator={"radio_delay_ms": 1}) as daemon:
        yield daemon


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def simulated(daemon: DaemonProcess, device: str, name: str) -> object:
    return (await daemon.simulator.values(device))[name]


async def test_the_house_is_there_with_names_and_rooms(daemon: DaemonProcess) -> None:
    code, out, _ = await pichat(daemon.state_dir, "devices", "--json")
    found = {device["name"]: device["area"] for device in json.loads(out)}
    assert code == 0
    assert len(found) == 11
    assert found["kitchen light"] == "Kitchen"
    assert found["front door lock"] == "Hallway"


async def test_say_turns_the_light_on_in_the_simulator(daemon: DaemonProcess) -> None:
    await daemon.simulator.set("kitchen-light", on=False)
    code, out, _ = await pichat(daemon.state_dir, "say", "turn", "on", "the", "kitchen", "light")
    assert (code, out.strip()) == (0, "Turned on the kitchen light.")
    assert await simulated(daemon, "kitchen-light", "on") is True


async def test_say_streams_the_protocol_as_json(daemon: DaemonProcess) -> None:
    code, out, _ = await pichat(daemon.state_dir, "say", "--json", "turn off the kitchen light")
    frames = json_lines(out)
    assert code == 0
    assert [frame["status"] for frame in frames] == ["processing", "chunk", "chunk", "complete"]
    assert [f["chunk"]["type"] for f in frames if f["status"] == "chunk"] == ["tool", "text"]
    assert frames[-1]["payload"]["code"] is None


async def test_what_is_no_home_command_is_refused_and_nothing_moves(daemon: DaemonProcess) -> None:
    before = await daemon.simulator.list()
    code, out, _ = await pichat(daemon.state_dir, "say", "what is the capital of France?")
    assert code == 1
    assert "language model" in out
    assert await daemon.simulator.list() == before


async def test_a_device_that_does_not_answer_is_told_by_name(daemon: DaemonProcess) -> None:
    await pichat(daemon.state_dir, "sim", "deaf", "office-plug")
    try:
        code, out, _ = await pichat(daemon.state_dir, "say", "turn off the office plug")
    finally:
        await pichat(daemon.state_dir, "sim", "deaf", "office-plug", "--off")
    assert code == 1
    assert "office plug does not answer" in out


async def test_a_sensor_that_is_moved_from_outside_is_heard_and_answered(
    daemon: DaemonProcess,
) -> None:
    async with connect(daemon.state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["devices"]})
        code, _, _ = await pichat(
            daemon.state_dir, "sim", "set", "bathroom-sensor", "temperature=24.5"
        )
        assert code == 0
        async with asyncio.timeout(10):
            async for frame in connection.frames():
                if frame.get("payload", {}).get("changes", {}).get("temperature") == 24.5:
                    break
        answer = await chat(connection, "what is the temperature in the bathroom?")
    assert "24.5" in answer["text"]


async def test_everything_off(daemon: DaemonProcess) -> None:
    for device in ("kitchen-light", "living-room-lamp", "office-plug"):
        await daemon.simulator.set(device, on=True)
    code, _, _ = await pichat(daemon.state_dir, "say", "turn off everything")
    assert code == 0
    for device in ("kitchen-light", "living-room-lamp", "office-plug", "hallway-light"):
        assert await simulated(daemon, device, "on") is False


async def test_a_renamed_device_is_known_by_its_new_name_at_once(daemon: DaemonProcess) -> None:
    async with connect(daemon.state_dir) as connection:
        devices = (await connection.ask("get_devices", {}))["devices"]
        lamp = next(d for d in devices if d["name"] == "living room lamp")
        await connection.ask("update_device", {"device_id": lamp["id"], "name": "zeppelin lamp"})
        answer = await chat(connection, "turn on the zeppelin lamp")
        await connection.ask("update_device", {"device_id": lamp["id"], "name": lamp["name"]})
    assert answer["code"] is None
    assert await simulated(daemon, "living-room-lamp", "on") is True


async def test_doctor_reads_the_running_daemon(daemon: DaemonProcess) -> None:
    code, out, _ = await pichat(daemon.state_dir, "doctor", "--json")
    report = json.loads(out)
    assert code == (0 if report["status"] == "ok" else 1)
    assert report["parts"]["zigbee"]["status"] == "ok"


async def test_a_second_daemon_on_the_same_state_directory_is_one_line(
    daemon: DaemonProcess,
) -> None:
    code, out, err = await pichat(
        daemon.state_dir, "run", f"--config={daemon.state_dir / 'config.yaml'}"
    )
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert "Another PiChat already uses" in err


async def test_a_second_daemon_on_the_same_port_is_one_line(
    daemon: DaemonProcess, tmp_path: Path
) -> None:
    port = daemon.url.rsplit(":", 1)[1]
    config = tmp_path / "config.yaml"
    config.write_text(
        f"server: {{port: {port}}}\nzigbee: {{path: none}}\nvoice: {{enabled: false}}\n"
    )
    code, _, err = await pichat(tmp_path / "state", "run", f"--config={config}")
    assert code == 2
    assert f"Port {port}" in err.strip().splitlines()[-1]


async def test_a_config_with_errors_exits_with_2_and_every_line(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("langage: de\nserver: {port: abc}\n")
    code, out, err = await pichat(tmp_path, "run", f"--config={config}")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 2
