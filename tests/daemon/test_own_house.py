"""A house of one's own: another stick, devices that join when they may, and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.simulator.process import SimulatorProcess
from tests.support.daemon import pichat, running_daemon


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
        assert out.count("joined: ") == 11

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
