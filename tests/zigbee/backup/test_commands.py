"""`pichat zigbee backup`, `backups`, `restore` and `import`, with the daemon and without one."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path

import pytest
import yaml

from pichat.cli.client import connect
from pichat.simulator.control import SimulatorClient
from pichat.simulator.process import SimulatorProcess
from tests.support.daemon import pichat, running_daemon
from tests.zigbee.backup.hubs import plugged_in
from tests.zigbee.backup.installations import forget_hub, swap_stick, zigbee2mqtt
from tests.zigbee.simulated import HOUSE

LIGHT = HOUSE.devices[0].ieee


async def until_there(state: Path, name: str) -> None:
    """Waits for a device that can be commanded."""
    async with asyncio.timeout(30), connect(state) as events, connect(state) as asking:
        await events.ask("subscribe", {"topics": ["devices"]})
        frames = events.frames()
        while not any(
            device["name"] == name and device["available"]
            for device in (await asking.ask("get_devices", {}))["devices"]
        ):
            await anext(frames)


@pytest.mark.long
async def test_without_a_daemon(known: Path, tmp_path: Path) -> None:
    """Backed up, everything lost but the devices, and restored onto a new stick."""
    file = tmp_path / "mine.json"
    code, out, _ = await pichat(known, "zigbee", "backup", str(file))
    assert (code, f"11 devices and their network are in {file}" in out) == (0, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    code, _, err = await pichat(known, "zigbee", "backup", str(file))
    assert (code, "is there already" in err) == (1, True)
    code, out, _ = await pichat(known, "zigbee", "backups", "--json")
    [listed] = json.loads(out)
    assert (listed["devices"], listed["complete"]) == (11, True)
    forget_hub(known)
    swap_stick(known)
    config = tmp_path / "config.yaml"
    async with plugged_in(known) as stick:
        config.write_text(yaml.safe_dump({"zigbee": {"path": stick.config.path}}))
        restore = ("zigbee", "restore", str(file), f"--config={config}")
        code, out, _ = await pichat(known, *restore)  # nobody there to say yes
        assert (code, "11 devices come back" in out, "takes over" in out) == (1, True, True)
        assert not await asyncio.to_thread((known / "zigbee.db").exists)
        code, out, err = await pichat(known, *restore, "--yes")
        assert (code, "Done." in out) == (0, True), err
        async with stick.hub() as running:
            assert await running.hub.set(LIGHT, "on_off", True) is True
    code, out, err = await pichat(known, *restore, "--yes")
    assert (code, "is not there" in err) == (1, True)


@pytest.mark.long
async def test_beside_the_running_daemon(known: Path, tmp_path: Path) -> None:
    """Backed up, and then another hub's house moves in while it runs."""
    folder = tmp_path / "data"
    zigbee2mqtt(known, folder, {LIGHT: "attic/old_lamp"})
    code, out, _ = await pichat(known, "zigbee", "import", str(folder), "--dry-run")
    assert (code, "old lamp" in out, "Attic" in out) == (0, True, True)
    state = tmp_path / "state"
    control = tmp_path / "control"
    async with (
        SimulatorProcess(control=control, state=known / "stick.json", radio_delay_ms=1) as process,
        SimulatorClient(control) as sim,
    ):
        settings = {"path": process.path}
        async with running_daemon(state, zigbee=settings) as daemon:
            code, out, err = await pichat(state, "zigbee", "backup")
            assert (code, "0 devices" in out) == (0, True), err
            code, out, err = await pichat(state, "zigbee", "import", str(folder), "--yes")
            assert (code, "Leave zigbee2mqtt switched off" in out) == (0, True), err
            await until_there(state, "old lamp")
            code, out, err = await pichat(state, "say", "turn on the old lamp in the attic")
            assert code == 0, (out, err, daemon.log[-3000:])
            assert (await sim.values("kitchen-light"))["on"] is True
            code, out, _ = await pichat(state, "zigbee", "backups")
            assert (code, out.count("backup-")) == (0, 2)
            code, _, err = await pichat(state, "zigbee", "restore", "backup-none.json")
            assert (code, "There is no backup" in err) == (1, True)
