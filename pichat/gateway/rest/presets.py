"""Presets of front ends: settings under a name, to be taken up again.

A preset holds who answers, how that sounds and what is listened for; not what the front end looks
like, which is its own.
"""

from typing import Annotated

import msgspec

from pichat.gateway.actions.clients import ClientId, NamedClient
from pichat.gateway.calls import Call
from pichat.gateway.clients.views import ClientView, PresetView
from pichat.gateway.routes import route

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_PATH = "/api/clients/{client_id}/presets"
_BY_NAME = f"{_PATH}/by-name/{{name}}"


class NamedPreset(msgspec.Struct, frozen=True, kw_only=True):
    client_id: ClientId
    name: Name


class NumberedPreset(msgspec.Struct, frozen=True, kw_only=True):
    """`index`: the preset's place in the list, from 0."""

    client_id: ClientId
    index: Annotated[int, msgspec.Meta(ge=0)]


class PresetList(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. `active`: the one that holds where the client has set nothing."""

    presets: tuple[PresetView, ...]
    active: str | None


@route("GET", _PATH, needs="screen", example={"client_id": "kiosk"})
async def get_presets(call: Call, payload: NamedClient) -> PresetList:
    """List the presets of a client."""
    return _listed(call, payload.client_id)


@route("POST", _PATH, needs="screen", status=201, example={"client_id": "kiosk", "name": "Evening"})
async def post_preset(call: Call, payload: NamedPreset) -> PresetView:
    """Keep what a client has set as a preset. What it has not set goes on following the profile."""
    return await call.services.clients.save_preset(payload.client_id, payload.name)


@route("POST", f"{_PATH}/clear-active", needs="screen", example={"client_id": "kiosk"})
async def clear_active(call: Call, payload: NamedClient) -> ClientView:
    """Have no preset hold where a client has set nothing, but the profile."""
    return await call.services.clients.activate_preset(payload.client_id, None)


@route("GET", _BY_NAME, needs="screen", example={"client_id": "kiosk", "name": "Evening"})
async def get_preset(call: Call, payload: NamedPreset) -> PresetView:
    """Show one preset."""
    return call.services.clients.preset(payload.client_id, payload.name)


@route("PUT", _BY_NAME, needs="screen", example={"client_id": "kiosk", "name": "Evening"})
async def put_preset(call: Call, payload: NamedPreset) -> PresetView:
    """Write what a client has set over a preset that is there."""
    return await call.services.clients.save_preset(payload.client_id, payload.name, again=True)


@route(
    "POST", f"{_BY_NAME}/apply", needs="screen", example={"client_id": "kiosk", "name": "Evening"}
)
async def apply_preset(call: Call, payload: NamedPreset) -> ClientView:
    """Set a client's settings as a preset has them, now."""
    return await call.services.clients.apply_preset(payload.client_id, payload.name)


@route(
    "POST",
    f"{_BY_NAME}/set-active",
    needs="screen",
    example={"client_id": "kiosk", "name": "Evening"},
)
async def set_active(call: Call, payload: NamedPreset) -> ClientView:
    """Have a preset hold where a client has set nothing, from now on."""
    return await call.services.clients.activate_preset(payload.client_id, payload.name)


@route("DELETE", _BY_NAME, needs="screen", example={"client_id": "kiosk", "name": "Evening"})
async def delete_by_name(call: Call, payload: NamedPreset) -> PresetList:
    """Delete a preset. What a client has set by applying it stays."""
    await call.services.clients.delete_preset(payload.client_id, payload.name)
    return _listed(call, payload.client_id)


@route("DELETE", f"{_PATH}/{{index}}", needs="screen", example={"client_id": "kiosk", "index": "0"})
async def delete_by_index(call: Call, payload: NumberedPreset) -> PresetList:
    """Delete the preset at a place of the list, counted from 0."""
    await call.services.clients.delete_preset(payload.client_id, payload.index)
    return _listed(call, payload.client_id)


def _listed(call: Call, client_id: str) -> PresetList:
    clients = call.services.clients
    active = clients.view(client_id).active_preset
    return PresetList(presets=clients.presets(client_id), active=active)
