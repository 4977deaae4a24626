"""The tools of the house, and who wants to use them."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from pichat.gateway.actions.tools import (
    GetTools,
    Id,
    Patterns,
    ToolsList,
    UpdateToolPreferences,
    change_tools,
    list_tools,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


class PutClientTools(msgspec.Struct, frozen=True, kw_only=True):
    """`tools`: patterns of those that it may use, null for all; or `on` and `off`, what of them to
    switch."""

    client_id: Annotated[Id, msgspec.Meta(description="The id that the client gave itself.")]
    tools: Patterns | UnsetType | None = UNSET
    on: Patterns = ()
    off: Patterns = ()


class ClientTools(msgspec.Struct, frozen=True, kw_only=True):
    client_id: Id


@route("GET", "/api/tools", needs="guest", example={"profile": "default"})
async def get_tools(call: Call, payload: GetTools) -> ToolsList:
    """List the tools of the house, what each takes, and whether this client, this person and the
    profile may use it."""
    return list_tools(call.services, call.caller, payload)


@route("GET", "/api/clients/{client_id}/tools", needs="screen", example={"client_id": "kiosk"})
async def get_client_tools(call: Call, payload: ClientTools) -> ToolsList:
    """List the tools, and what a client may use of them."""
    return list_tools(call.services, call.caller, GetTools(client_id=payload.client_id))


@route(
    "PUT",
    "/api/clients/{client_id}/tools",
    needs="screen",
    example={"client_id": "kiosk", "off": ["activate_*"]},
)
async def put_client_tools(call: Call, payload: PutClientTools) -> ToolsList:
    """Switch tools on or off for a client, or say which it may use."""
    change = UpdateToolPreferences(
        client_id=payload.client_id, on=payload.on, off=payload.off, tools=payload.tools
    )
    return await change_tools(call.services, call.caller, change)
