"""Put something on the screens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from pichat.errors import BadRequestError
from pichat.events import ScreenCommand, ToolResult
from pichat.tools.base import Reach, tool

Line = Annotated[str, msgspec.Meta(max_length=200)]


class ShowOnScreen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`items` are those of a list."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    kind: Literal["notification", "page", "list"] = "notification"
    text: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    items: Annotated[tuple[Line, ...], msgspec.Meta(max_length=50)] = ()


@tool("show_on_screen", ShowOnScreen, "show")
async def show_on_screen(reach: Reach, arguments: ShowOnScreen) -> ToolResult:
    """Show something on the screens. The result says how many there are."""
    if arguments.kind == "list" and not arguments.items:
        raise BadRequestError("show_on_screen: a list needs items.")
    command = ScreenCommand(
        kind=arguments.kind, title=arguments.title, text=arguments.text, items=arguments.items
    )
    return ToolResult(value={"screens": reach.show(command)})
