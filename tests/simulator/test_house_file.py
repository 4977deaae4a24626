"""The house file, and the kinds that it may name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pichat.simulator.errors import HouseError
from pichat.simulator.house import load_house
from pichat.simulator.kinds import all_kinds
from pichat.simulator.kinds.registry import register
from pichat.simulator.ncp import commands
from pichat.simulator.process import SimulatorProcess

GOOD = 'devices: [{id: a, name: A, area: Hall, kind: lock, ieee: "00:0d:6f:00:00:00:00:01"}]'


def test_the_default_house() -> None:
    house = load_house(None)
    assert len(house.devices) == 11
    (lamp,) = (one for one in house.devices if one.ieee == "00:0d:6f:00:0a:00:00:03")
    assert (lamp.name, lamp.area) == ("living room lamp", "Living room")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("devices: {", "is not YAML"),
        ("rooms: []", "unknown field `rooms`"),
        (GOOD.replace("lock", "oven"), "no kind 'oven'; there are"),
        (GOOD.replace("00:0d:6f", "6f"), "is not an address of eight bytes"),
        (GOOD.replace("}]", ", options: {speed: 1}}]"), "no option 'speed' for a lock"),
        (GOOD.replace("}]", ", options: {travel_s: fast}}]"), "must be a number"),
        (GOOD.replace("}]", ", link: {deaf: 3}}]"), "Expected `bool`"),
        (GOOD[:-1] + "," + GOOD.split("[")[1], "is used by two devices"),
    ],
)
def test_mistakes_are_named(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(text)
    with pytest.raises(HouseError, match=sentence):
        load_house(file)


def test_a_missing_house(tmp_path: Path) -> None:
    with pytest.raises(HouseError, match="cannot be read"):
        load_house(tmp_path / "none.yaml")


async def test_a_state_that_does_not_fit(tmp_path: Path) -> None:
    file = tmp_path / "house.yaml"
    file.write_text(GOOD.replace("}]", ", state: {locked: 5}}]"))
    process = SimulatorProcess(control=tmp_path / "control", house=file)
    with pytest.raises(Exception, match="a: locked of A: 5 is not true or false"):
        await process.start()


def test_nothing_is_registered_twice() -> None:
    with pytest.raises(TypeError, match="registered twice"):
        register(all_kinds()["lock"])
    for version in range(13, 20):
        assert 0x34 in commands.table(version)
