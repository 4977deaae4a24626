"""`pichat zigbee detect`, on a machine whose ports are a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pichat.cli.main import main
from pichat.simulator.process import SimulatorProcess
from pichat.zigbee.survey import probe, survey
from tests.zigbee.plugged import Machine

CP210X = (0x10C4, 0xEA60)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def detect(machine: Machine, tmp_path: Path, *more: str) -> Result:
    config = tmp_path / "config.yaml"
    config.write_text("zigbee: {path: /dev/ttyUSB9}\n")
    arguments = ["zigbee", "detect", f"--sysfs={machine.sysfs}", f"--dev={machine.dev}"]
    arguments += [f"--config={config}", f"--state-dir={tmp_path}", *more]
    return CliRunner().invoke(main, arguments)


def test_nothing_is_there(machine: Machine, tmp_path: Path) -> None:
    found = detect(machine, tmp_path)
    assert found.exit_code == 1
    assert "Plug it in" in found.output


def test_a_known_stick_and_what_to_set(machine: Machine, tmp_path: Path) -> None:
    by_id = "usb-Nabu_Casa_SkyConnect_v1.0_0001-if00-port0"
    path = machine.plug("ttyUSB0", CP210X, "Nabu Casa", "SkyConnect v1.0", by_id=by_id)
    machine.plug("ttyUSB1", CP210X, "Silicon Labs", "CP2102N USB to UART Bridge Controller")
    listed = json.loads(detect(machine, tmp_path, "--json").output)
    assert [each["name"] for each in listed] == [
        "Home Assistant SkyConnect",
        "CP2102N USB to UART Bridge Controller",
    ]
    assert listed[0]["device"] == path
    assert listed[0]["path"].endswith(by_id)
    assert (listed[0]["radio"], listed[0]["flow_control"]) == ("ezsp", "hardware")
    assert (listed[1]["radio"], listed[1]["answer"]) == (None, None)
    with open(path):  # noqa: PTH123 - held, as by another program
        assert "in use by" in detect(machine, tmp_path).output
    shown = detect(machine, tmp_path)
    assert shown.exit_code == 0
    assert f"/{by_id}\n  radio: ezsp" in shown.output
    assert "There is: Home Assistant SkyConnect" in shown.output  # instead of ttyUSB9


async def test_a_bare_bridge_tells_what_it_is_when_it_is_asked(
    machine: Machine, tmp_path: Path
) -> None:
    async with SimulatorProcess(
        control=tmp_path / "control", radio_delay_ms=0, ezsp_version=14
    ) as process:
        machine.plug("ttyUSB0", CP210X, "Silicon Labs", "CP2102N")
        machine.lead("ttyUSB0", process.path)
        [found] = survey(machine.ports)
        asked = await probe(found)
    assert (asked.radio, asked.baud_rate) == ("ezsp", 115200)
    assert (asked.answer or "").startswith("EZSP 14 (Simulated stick")
