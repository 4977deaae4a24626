"""The screens: which there are, and telling them what to do."""

from typing import Annotated, Any, Literal

import msgspec

from pichat.errors import BadRequestError, TooLargeError
from pichat.events import ScreenCommand, ScreenSeen, Shown
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services import Services

Kind = Literal["notification", "page", "list", "other"]
_KINDS: dict[str, Kind] = {
    "show_notification": "notification",
    "show_page": "page",
    "show_list": "list",
}
_MOST_BYTES = 64 * 1024
_ALL = "all"


class FrontendCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`command`: PiChat's own screens know show_notification, show_page and show_list, whose `data`
    has a `message` (or `text`), a `title`, and `items` of a list; others are between programs and
    their screens. `target`: `all`, the name or id of a screen, or a room."""

    command: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    data: dict[str, Any] = {}
    target: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = _ALL


class GetScreens(msgspec.Struct, frozen=True, kw_only=True):
    pass


class ScreensList(msgspec.Struct, frozen=True, kw_only=True):
    screens: tuple[ScreenSeen, ...]


class TookCommand(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of the `frontend_command` event."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    id: str


async def tell_screens(services: Services, payload: FrontendCommand, sender: str = "") -> Shown:
    if len(msgspec.json.encode(payload.data)) > _MOST_BYTES:
        raise TooLargeError(f"“data” may have at most {_MOST_BYTES // 1024} KiB.")
    kind = _KINDS.get(payload.command, "other")
    title, text, items = ("", "", ()) if kind == "other" else _to_show(payload, kind)
    command = ScreenCommand(
        kind=kind,
        title=title,
        text=text,
        items=items,
        command=payload.command,
        data=payload.data,
        target=None if payload.target.casefold() == _ALL else payload.target,
        sender=sender,
    )
    return await services.screens.show(command)


def _to_show(payload: FrontendCommand, kind: Kind) -> tuple[str, str, tuple[str, ...]]:
    """Title, text and items. What has no title is titled by what it says."""
    data = payload.data
    title, text = data.get("title") or "", data.get("message") or data.get("text") or ""
    items = data.get("items") or []
    texts = [title, text, *items] if isinstance(items, list) else [items]
    if not all(isinstance(each, str) for each in texts):
        raise BadRequestError("“data”: title and message have to be texts, items a list of texts.")
    if not (title or text):
        raise BadRequestError(f"“{payload.command}” has nothing to show: “data” lacks a “message”.")
    if kind == "list" and not items:
        raise BadRequestError("“show_list” needs “items”.")
    return (title, text, tuple(items)) if title else (text, "", tuple(items))


@action(
    "frontend_command",
    needs="agent",
    example={"command": "show_notification", "data": {"message": "The washing is done."}},
)
async def frontend_command(context: Context, payload: FrontendCommand) -> Shown:
    """Tell the other screens to show or do something: all that subscribed to `screens`, one of
    them, or those of a room. They hear of it as the event `frontend_command`. The reply says who
    took it, which a screen may tell within a second (`took_command`), and who was only told."""
    return await tell_screens(context.services, payload, context.client.id)


@action("took_command", needs="guest", example={"id": "1f0c6d1f3ab54c6e"})
def took_command(context: Context, payload: TookCommand) -> Taken:
    """Say that this screen did what a `frontend_command` event told it."""
    context.services.screens.took(payload.id, context.client)
    return Taken(id=payload.id)


@action("get_screens", needs="agent")
def get_screens(context: Context, payload: GetScreens) -> ScreensList:  # noqa: ARG001
    """List the screens that hear what they are told to show, each with its room."""
    return ScreensList(screens=context.services.screens.all())
