"""What each person prefers, over HTTP: the same as the actions."""

from pichat.gateway.actions.settings import (
    GetSettings,
    SettingsView,
    UpdateSettings,
    change_settings,
    show_settings,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


@route("GET", "/api/settings", needs="guest")
async def get_settings(call: Call, payload: GetSettings) -> SettingsView:
    """Tell what a person prefers."""
    return show_settings(call.services, call.caller, payload)


@route("PATCH", "/api/settings", needs="guest", example={"theme": "dark"})
async def patch_settings(call: Call, payload: UpdateSettings) -> SettingsView:
    """Change what a person prefers. What is left out stays as it is."""
    return await change_settings(call.services, call.caller, payload)


@route(
    "PUT",
    "/api/settings",
    needs="guest",
    example={
        "selected_model": "auto",
        "voice_settings": {"gender": "female", "accent": "polish"},
    },
)
async def put_settings(call: Call, payload: UpdateSettings) -> SettingsView:
    """Say anew what a person prefers. What is left out is as for somebody new; who answers
    (`profile`) stays."""
    return await change_settings(call.services, call.caller, payload, anew=True)
