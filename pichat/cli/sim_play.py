"""`pichat sim play`: a scenario of faults, played to whoever drives the simulated stick."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from pichat.errors import PiChatError


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def play(context: click.Context, scenario: Path) -> None:
    """Play a SCENARIO: a YAML file of faults, each at its time.

    What the file has a hub do, or expects of one, is told and left to you; what it expects of the
    simulated devices is looked at.
    """
    try:
        asyncio.run(_play(context.obj, scenario))
    except UnicodeDecodeError:
        sys.exit(f"{scenario} is not UTF-8 text.")
    except PiChatError as error:
        click.echo(error.sentence, err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


async def _play(control: Path, path: Path) -> None:
    from pichat.simulator.control import SimulatorClient
    from pichat.simulator.player import Player
    from pichat.simulator.scenario import Expect, HubStep, read_scenario

    class Reader:
        """Implements `player.Witness` for a person who watches."""

        def begin(self, command: HubStep) -> None:
            what = command.capability.replace("_", " ")
            click.echo(f"    yours to do: set the {what} of {command.set} to {command.to}")

        async def meets(self, expected: Expect) -> None:
            if expected.values is None:
                click.echo("    yours to see")

    text = await asyncio.to_thread(path.read_text, "utf-8")
    scenario = read_scenario(text, path.name)
    click.echo(scenario.name)
    async with SimulatorClient(control) as client:
        await Player(client, Reader(), click.echo).play(scenario)
