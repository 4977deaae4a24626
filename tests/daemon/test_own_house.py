"""A house of one's own: another stick, devices that join when they may, and their names."""

from __future__ import annotations

import time
from contextlib import aclosing
from pathlib import Path

import pytest

from pichat.cli.client import connect
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from tests.support.daemon import pichat, running_daemon

JOINING = """
devices:
  - {id: lamp, name: Lamp, area: Hall, kind: light-on-off, ieee: "00:0d:6f:00:0e:00:00:05"}
  - {id: stuck, name: Stuck, area: Hall, kind: plug, ieee: "00:0d:6f:00:0e:00:00:06",
     link: {interview_stuck_at: node_descriptor, seeks: false}}
"""
NODE_DESCRIPTOR = 0x0002
LAMP, STUCK = "00:0d:6f:00:0e:00:00:05", "00:0d:6f:00:0e:00:00:06"


async def test_the_shell_lets_a_device_join_and_it_obeys_within_a_second(tmp_path: Path) -> None:
    control, state = tmp_path / "stick.sock", tmp_path / "state"
    house = tmp_path / "house.yaml"
    house.write_text(JOINING)
    async with (
        SimulatorProcess(control=control, house=house, radio_delay_ms=0) as stick,
        SimulatorClient(control) as sim,
        running_daemon(state, zigbee={"path": stick.path}),
        connect(state) as connection,
    ):
        named = ("--name", "reading lamp", "--area", "Study")
        code, out, err = await pichat(state, "join", "--seconds", "20", *named)
        assert (code, out.splitlines()[-1]) == (0, "reading lamp is in Study."), err
        assert (await sim.status())["joining"] is False  # it closed behind the one that it was for

        changes = {"device_id": LAMP, "name": "pantry lamp", "area": "Pantry"}
        await connection.ask("update_device", changes)
        begin_s = time.monotonic()
        answer = await connection.ask("chat", {"text": "turn on the pantry lamp"})
        assert answer["text"] == "Turned on the pantry lamp."
        assert time.monotonic() - begin_s < 1

        answer = await connection.ask("chat", {"text": "let a new device join"})
        assert "pairing mode" in answer["text"]
        joining = (await connection.ask("get_joining", {}))["joining"]
        assert joining["open_until_s"] is not None
        # It is asked when it joins, and anew when it says that it is there; then no more for long.
        asked = 0
        async with aclosing(sim.watch(air=True)) as events:
            await anext(events)
            await sim.request("join", device="stuck")
            while asked < 2:
                asked += (await anext(events)).get("number") == NODE_DESCRIPTOR
        await sim.device("stuck", interview_stuck_at=None)
        code, out, err = await pichat(state, "join", "--retry", STUCK)
        assert (code, "is ready: a plug." in out) == (0, True), err
        code, _, err = await pichat(state, "join", "--forget", STUCK)
        assert (code, "waiting to be asked" in err) == (1, True)
        code, _, err = await pichat(state, "join", "--via", "toaster")
        assert (code, err.strip()) == (1, "There is no device called “toaster”.")
        code, _, err = await pichat(state, "join", "--qr", "nonsense")
        assert (code, "cannot be used" in err) == (1, True)


@pytest.mark.long
async def test_devices_join_are_named_and_obey(tmp_path: Path) -> None:
    control = tmp_path / "stick.sock"
    state = tmp_path / "state"
    async with (
        SimulatorProcess(control=control, radio_delay_ms=0) as stick,
        running_daemon(state, zigbee={"path": stick.path}) as daemon,
    ):
        _, out, _ = await pichat(state, "devices")
        assert out.strip() == "No device has joined yet."

        code, out, _ = await pichat(state, "join", "--seconds", "4")
        assert code == 0
        assert out.count(" is ready: a ") == 11

        plug = "PiChat Simulated SIM-PLUG-1"
        code, out, err = await pichat(state, "name", plug, "coffee machine", "--room", "Pantry")
        assert (code, out.strip()) == (0, "coffee machine is in Pantry."), err

        answer = await daemon.connect_and_ask("chat", {"text": "turn on the coffee machine"})
        assert answer["text"] == "Turned on the coffee machine."


async def test_a_name_that_nobody_has_is_one_line(tmp_path: Path) -> None:
    async with running_daemon(tmp_path, zigbee={"path": "none"}):
        code, out, err = await pichat(tmp_path, "name", "toaster", "bread oven")
        assert (code, out, err.strip()) == (1, "", "There is no device called “toaster”.")
        code, _, err = await pichat(tmp_path, "join", "--seconds", "1")
        assert code == 1
        assert len(err.strip().splitlines()) == 1
