"""What is written when devices report, and what a hub that was killed still knows."""

from __future__ import annotations

from pathlib import Path

from pichat.config.types import Zigbee
from tests.zigbee.running import running_hub
from tests.zigbee.simulated import copy_house
from tests.zigbee.sleeping import NAMES, Clock, as_killed, sleeping_house


def files(directory: Path) -> dict[str, bytes]:
    """Both databases with their journals."""
    return {file.name: file.read_bytes() for file in directory.glob("*.db*")}


async def test_reports_are_not_written_at_once_and_survive_a_kill(
    paired_sleepers: Path, tmp_path: Path
) -> None:
    directory = copy_house(paired_sleepers, tmp_path)
    async with sleeping_house(directory, Clock()) as (running, sim):
        kept = running.parts.presence.kept
        await kept.save()
        before = files(directory)
        await sim.set("bathroom-sensor", temperature=18.25, humidity=41)
        await running.until(lambda: running.device("bathroom sensor").state["temperature"] == 18.25)
        assert files(directory) == before
        await running.until(lambda: running.device("bathroom sensor").state["humidity"] == 41)
        seen_s = running.device("bathroom sensor").last_seen_s
        await kept.save()
        written = {name for name, content in files(directory).items() if content != before[name]}
        assert written == {"pichat.db-wal", "pichat.db-shm"}
        killed = as_killed(directory, tmp_path / "killed")
    async with running_hub(killed, Zigbee(path=str(killed / "no stick")), NAMES) as running:
        await running.until_status("degraded")
        sensor = running.device("bathroom sensor")
        assert (sensor.state["temperature"], sensor.state["humidity"]) == (18.25, 41)
        assert sensor.last_seen_s is not None
        assert seen_s is not None
        assert abs(sensor.last_seen_s - seen_s) < 1


async def test_what_is_stopped_is_kept_in_the_library_s_own_database(
    paired_sleepers: Path, tmp_path: Path
) -> None:
    directory = copy_house(paired_sleepers, tmp_path)
    async with sleeping_house(directory, Clock()) as (running, sim):
        await sim.set("bathroom-sensor", temperature=17.0)
        await running.until(lambda: running.device("bathroom sensor").state["temperature"] == 17.0)
    for file in directory.glob("pichat.db*"):
        file.unlink()
    async with running_hub(directory, Zigbee(path=str(directory / "no stick")), NAMES) as running:
        await running.until_status("degraded")
        assert running.device("bathroom sensor").state["temperature"] == 17.0
