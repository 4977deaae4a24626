"""The command `pichat`: every subcommand, each in its own file."""

from __future__ import annotations

import importlib

import click

import pichat

_COMMANDS = {
    "run": "Start the daemon in the foreground.",
    "say": "Say something to the daemon, as text.",
    "hear": "Play a recording into the daemon as if spoken.",
    "wake": "Show live how surely the wake words are heard.",
    "runs": "Look into what was spoken lately.",
    "mute": "Do not listen to the microphone.",
    "unmute": "Listen to the microphone again.",
    "devices": "List the devices of the house.",
    "join": "Let new devices join, and tell which did.",
    "name": "Give a device another name, or put it in a room.",
    "profiles": "Who answers: each profile's voice, models and tools.",
    "models": "Voices, recognisers and language models to add.",
    "bench": "Try a language model out with a hundred requests.",
    "doctor": "Tell what works, what does not, and what to do.",
    "sim": "The simulated house: move things, break things.",
}

_FILES = {"unmute": "mute"}  # those that are not in a file of their own name


class Lazy(click.Group):
    """Loads a command's file when it is used, so that each starts as fast as it can."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        file = _FILES.get(cmd_name, cmd_name)
        command: click.Command = getattr(importlib.import_module(f"pichat.cli.{file}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pichat.__version__, prog_name="pichat")
def main() -> None:
    """PiChat: a private voice assistant and Zigbee hub."""
