"""Telling the screens what to show, for scripts."""

from pichat.events import Shown
from pichat.gateway.actions.screens import FrontendCommand, GetScreens, ScreensList, tell_screens
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


@route("GET", "/api/screens", needs="agent")
async def get_screens(call: Call, payload: GetScreens) -> ScreensList:  # noqa: ARG001
    """List the screens that hear what they are told to show, each with its room."""
    return ScreensList(screens=call.services.screens.all())


@route(
    "POST",
    "/api/screens/command",
    needs="agent",
    example={"command": "show_notification", "data": {"message": "The washing is done."}},
)
async def post_command(call: Call, payload: FrontendCommand) -> Shown:
    """Tell the screens to show or do something: all, one, or those of a room. The reply says who
    took it, and who was only told."""
    return await tell_screens(call.services, payload)
