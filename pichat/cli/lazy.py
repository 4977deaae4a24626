"""A group of commands, each loaded when it is used, so that all start as fast as they can."""

from __future__ import annotations

import importlib
import keyword
from typing import ClassVar

import click


class Lazy(click.Group):
    """`summaries`: the commands' names, each with a line of help. A command is in a file of
    `package` of its own name (dashes are underscores, and a word of Python has one at its end), as
    an object of that name; `files` names those that share one."""

    package: ClassVar[str]
    summaries: ClassVar[dict[str, str]]
    files: ClassVar[dict[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.summaries:
            return None
        name = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)
        module = importlib.import_module(f"{self.package}.{self.files.get(cmd_name, name)}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))
