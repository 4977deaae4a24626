"""The command `pichat`: every subcommand, each in its own file."""

from __future__ import annotations

from typing import ClassVar

import click

import pichat
from pichat.cli.lazy import Lazy

_COMMANDS = {
    "run": "Start the daemon in the foreground.",
    "reload": "Have the daemon read config.yaml again.",
    "say": "Say something to the daemon, as text.",
    "hear": "Play a recording into the daemon as if spoken.",
    "wake": "Show live how surely the wake words are heard.",
    "runs": "Look into what was spoken lately.",
    "mute": "Do not listen to the microphone.",
    "unmute": "Listen to the microphone again.",
    "devices": "List the devices of the house.",
    "join": "Let new devices join, and name them.",
    "zigbee": "The Zigbee network: the stick, joining, backups, care.",
    "groups": "Devices that are commanded together.",
    "scenes": "States that are taken up together.",
    "name": "Give a device another name, or put it in a room.",
    "pair": "Let a new screen or program in, by a code.",
    "tokens": "The screens and programs that were let in.",
    "profiles": "Who answers: each profile's voice, models and tools.",
    "users": "The people of the house, and what each may.",
    "mcp": "Tools of other programs, and this house for them.",
    "models": "Voices, recognisers and language models to add.",
    "bench": "Try a language model out with a hundred requests.",
    "protocol": "Print what screens and programs can ask for.",
    "tls": "The certificate that browsers have to trust.",
    "find": "List the PiChats of this network.",
    "doctor": "Tell what works, what does not, and what to do.",
    "sim": "The simulated house: move things, break things.",
}


class PiChat(Lazy):
    """Every command of this folder."""

    package = "pichat.cli"
    summaries = _COMMANDS
    files: ClassVar = {"unmute": "mute"}


@click.group(cls=PiChat, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(pichat.__version__, prog_name="pichat")
def main() -> None:
    """PiChat: a private voice assistant and Zigbee hub."""
