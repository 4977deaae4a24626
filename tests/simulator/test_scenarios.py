"""Scenario files: what they may hold, what is said of their mistakes, and how they are played."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pichat.cli.sim import sim
from pichat.simulator.player import Player, UnmetError
from pichat.simulator.scenario import Expect, HubStep, ScenarioError, read_scenario
from tests.simulator.host import simulator

FAULTY = """
name: Mistakes
steps:
  - device: {id: attic-light, do: press}
  - device: {id: kitchen-light, do: dance}
  - stick: {refuses: everything}
  - radio: {loss: 2}
  - link: {of: kitchen-light, deaf: very}
  - stick: unplug
    radio: {loss: 0.1}
  - expect: {set: kitchen-light}
  - when: {command: on_off, joined: kitchen-light}
    stick: plug
  - {}
  - repeat: {times: 2, steps: [{radio: {colour: 1}}]}
"""


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ScenarioError) as told:
        read_scenario(FAULTY, "faulty.yaml")
    said = told.value.sentence
    for part in (
        "there is no device 'attic-light'",
        "step 2: Invalid enum value 'dance'",
        "Invalid enum value 'everything'",
        "loss is not between 0 and 1.",
        "Expected `bool`",
        "it does radio and stick, and not one of device,",
        "does not say which outcome",
        "does not say what the device shall be set `to`",
        "it waits for one of command,",
        "it does nothing, and not one of",
        "repeated step 1: ",
    ):
        assert part in said, said
    assert all(line.startswith("faulty.yaml: ") for line in said.splitlines())


@pytest.mark.parametrize("text", ["steps: 5", "- 1", "steps: [", "steps: []"])
def test_what_is_no_scenario(text: str) -> None:
    with pytest.raises(ScenarioError, match="the scenario"):
        read_scenario(text)


class Nobody:
    """A hub that does what it is told in its own list, and meets nothing that is expected of it."""

    def __init__(self) -> None:
        self.begun: list[HubStep] = []

    def begin(self, command: HubStep) -> None:
        self.begun.append(command)

    async def meets(self, expected: Expect) -> None:
        if expected.status is not None:
            raise UnmetError(f"It is not {expected.status}.")


PLAYED = """
name: Somebody goes through the house
steps:
  - device: {id: kitchen-light, values: {on: true}}
  - when: {values: {on: true}, device: kitchen-light}
    hub: {set: hallway-light, to: true, as: second}
  - after_s: 0.01
    device: {id: hallway-light, do: press}
  - expect: {values: {hallway-light: {on: true}}}
  - stick: {do: restart, reason: 0x06}
  - stick: {answer_ms: 5, swap: second, network: foreign}
  - link: {of: hallway-light, deaf: true, lqi: 90}
  - radio: {jitter_ms: 3}
  - repeat: {times: 2, steps: [{device: {id: hallway-light, do: press}}]}
  - expect: {values: {hallway-light: {on: true}}}
"""


async def run(tmp_path: Path, *arguments: str) -> Result:
    command = ["--control", str(tmp_path / "control"), *arguments]
    return await asyncio.to_thread(CliRunner().invoke, sim, command)


async def test_playing(tmp_path: Path) -> None:
    async with simulator(tmp_path) as (_, client):
        hub = Nobody()
        said: list[str] = []
        await Player(client, hub, said.append).play(read_scenario(PLAYED))
        assert [one.name for one in hub.begun] == ["second"]
        assert said[0].startswith("step 1: ") and len(said) == 12
        assert (await client.status())["network"]["pan"] == 0x4711
        assert (await client.get("hallway-light"))["link"]["lqi"] == 90
        for text, sentence in (
            ("expect: {status: degraded}", "step 1: It is not degraded."),
            ("when: {joined: kitchen-light}\n    within_s: 0.01", "step 1: .* did not happen"),
            ("expect: {within_s: 0.01, values: {office-plug: {on: true}}}", "step 1: office-plug"),
        ):
            with pytest.raises(UnmetError, match=sentence):
                await Player(client, hub).play(read_scenario(f"name: x\nsteps:\n  - {text}"))
        for device in ("kitchen-light", "hallway-light"):
            await client.set(device, on=False)
        await _by_command(tmp_path)
        assert (await client.get("hallway-light"))["link"]["power"] is False


async def _by_command(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(PLAYED)
    played = await run(tmp_path, "play", str(file))
    assert played.exit_code == 0, played.output
    assert "Somebody goes through the house" in played.output
    assert "yours to do: set the on off of hallway-light to True" in played.output
    file.write_text(FAULTY)
    assert (await run(tmp_path, "play", str(file))).exit_code == 1
    swapped = await run(tmp_path, "swap", "--stick", "first", "--network", "none")
    assert "de:ad:be:ef" in swapped.output
    linked = await run(tmp_path, "link", "hallway-light", "power=off", "lqi=80")
    assert "lqi = 80" in linked.output, linked.output
    for command in ("wake", "sleep"):
        assert (await run(tmp_path, command, "hallway-light")).exit_code == 0
    assert (await run(tmp_path, "rejoin", "hallway-light")).exit_code == 1
