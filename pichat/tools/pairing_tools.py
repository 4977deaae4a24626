"""Letting a new screen in, as people ask for it. Not offered to models and other programs."""

from __future__ import annotations

from typing import Protocol

from pichat.events import ToolResult
from pichat.tools.base import NoArguments, Reach, Tool

PAIR_SCREEN = "pair_screen"


class Pairs(Protocol):
    async def code_for_screen(self) -> str:
        """Digits that let one new screen in for a few minutes. Raises UnavailableError where none
        could come."""
        ...


def pairing_tools(pairs: Pairs) -> dict[str, Tool]:
    """The tools by name, which let screens in through `pairs`."""

    async def pair(_: Reach, __: NoArguments) -> ToolResult:
        return ToolResult(value={"code": await pairs.code_for_screen()})

    tool = Tool(
        name=PAIR_SCREEN,
        description="Let a new screen in.",
        permission="act",
        arguments=NoArguments,
        handler=pair,
        people_only=True,
    )
    return {tool.name: tool}
