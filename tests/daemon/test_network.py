"""Looking after the network from the shell, with the real daemon and the simulated house."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.daemon import pichat, running_daemon
from tests.zigbee.firmware_image import firmware_image


@pytest.mark.long
async def test_the_network_from_the_shell(tmp_path: Path) -> None:
    async def run(*words: str) -> tuple[int, str, str]:
        return await pichat(tmp_path, "zigbee", *words)

    async with running_daemon(tmp_path, simulator={"radio_delay_ms": 1}) as daemon:
        code, out, _ = await run("info")
        assert code == 0
        assert "EZSP 13" in out
        assert "11 (" in out
        code, out, _ = await run("map")
        assert code == 0
        assert "kitchen light (Kitchen)" in out
        assert (await run("map", "--last", "--dot"))[1].startswith("graph zigbee {")
        code, out, _ = await run("neighbours", "kitchen light")
        assert (code, "coordinator" in out) == (0, True)
        code, out, _ = await run("scan", "--json")
        assert len(json.loads(out)["channels"]) == 16

        code, out, _ = await run("read", "kitchen light", "basic", "model")
        assert (code, "SIM-LIGHT-3" in out) == (0, True)
        code, _, err = await run("write", "kitchen light", "basic", "model", "other")
        assert (code, "read only" in err) == (1, True)
        code, out, _ = await run("command", "kitchen light", "on_off", "on")
        assert (code, json.loads(out)["status"]) == (0, "success")
        assert (await daemon.simulator.values("kitchen-light"))["on"] is True
        # Nobody is there to say yes.
        code, out, _ = await run("command", "front door lock", "door_lock", "unlock_door")
        assert code != 0
        assert "Shall I send unlock_door" in out
        assert (await daemon.simulator.values("front-door-lock"))["locked"] is True
        code, out, _ = await run("bindings", "office plug", "--bind", "on_off", "9")
        assert (code, "group 9" in out) == (0, True)
        code, out, _ = await run("reporting", "office plug", "on_off", "on_off")
        assert (code, "reports its on_off" in out) == (0, True)
        assert (await run("identify", "kitchen light"))[0] == 0

        image = tmp_path / "light.ota"
        image.write_bytes(firmware_image(0x01000009))
        code, out, err = await run("firmware", "kitchen light", "--file", str(image))
        assert code == 0, err
        assert "0x01000009" in (await run("firmware", "kitchen light"))[1]
        assert (await run("diagnostics", str(tmp_path / "told.zip")))[0] == 0
        assert (await run("remove", "hallway light", "--yes"))[0] == 0
        code, out, err = await run("channel", "20", "--yes")
        assert code == 0, err
        assert "The network is on channel 20." in out
