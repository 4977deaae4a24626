"""Put something on the screens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from pichat.errors import BadRequestError
from pichat.events import ScreenCommand, ToolResult
from pichat.tools.base import Reach, tool
from pichat.tools.schema import NOT_TOLD

Target = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Line = Annotated[str, msgspec.Meta(max_length=200)]


_LONG = 200
"""Characters: a longer text is a page, which stays until it is closed."""


class ShowOnScreen(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`items` are those of a list. Without a `kind` it is what it looks like. `target`: the name
    of a screen, or a room; None for all screens."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    kind: Annotated[Literal["notification", "page", "list"] | None, NOT_TOLD] = None
    text: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    items: Annotated[tuple[Line, ...], msgspec.Meta(max_length=50)] = ()
    target: Annotated[Target | None, NOT_TOLD] = None


@tool("show_on_screen", ShowOnScreen, "show")
async def show_on_screen(reach: Reach, arguments: ShowOnScreen) -> ToolResult:
    """Show a text or a list on the screens."""
    if arguments.kind == "list" and not arguments.items:
        raise BadRequestError("show_on_screen: a list needs items.")
    command = ScreenCommand(
        kind=arguments.kind or _kind(arguments),
        title=arguments.title,
        text=arguments.text,
        items=arguments.items,
        target=arguments.target,
    )
    shown = await reach.show(command)
    return ToolResult(value={"screens": len(shown.took) + len(shown.sent_to)})


def _kind(arguments: ShowOnScreen) -> Literal["notification", "page", "list"]:
    if arguments.items:
        return "list"
    return "page" if len(arguments.text) > _LONG else "notification"
