"""Settings of front ends over HTTP, a section each. PUT sets a whole section, PATCH some of it.

Screens may see and set those of every client: an id names a kind of front end (`kiosk`, `cli`),
which several people may have open, and so belongs to no token.
"""

from typing import Any

import msgspec

from pichat.gateway.actions.clients import ClientId, NamedClient
from pichat.gateway.calls import Call
from pichat.gateway.clients.clients import MOST_UI_BYTES
from pichat.gateway.clients.views import ClientView
from pichat.gateway.clients.wishes import (
    SECTIONS,
    LlmSettings,
    Section,
    SttSettings,
    TtsSettings,
)
from pichat.gateway.routes import json_object, read_body, route
from pichat.store.clients import LlmWishes, SttWishes, TtsWishes

_PATH = "/api/clients/{client_id}"
_MOST_BODY_BYTES = MOST_UI_BYTES + 1024


class ChangeLlm(LlmWishes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    client_id: ClientId


class ChangeTts(TtsWishes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    client_id: ClientId


class ChangeStt(SttWishes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    client_id: ClientId


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    client_id: ClientId
    section: Section


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """What the front end keeps for itself."""

    client_id: str
    ui: dict[str, Any]


@route("GET", _PATH, needs="screen", example={"client_id": "kiosk"})
async def get_client(call: Call, payload: NamedClient) -> ClientView:
    """Show all that holds for a client."""
    return call.services.clients.view(payload.client_id)


@route("GET", f"{_PATH}/llm", needs="screen", example={"client_id": "kiosk"})
async def get_llm(call: Call, payload: NamedClient) -> LlmSettings:
    """Show who answers a client, and how."""
    return call.services.clients.view(payload.client_id).llm


@route(
    "PUT",
    f"{_PATH}/llm",
    needs="screen",
    example={"client_id": "kiosk", "model": "auto", "temperature": 0.4},
)
async def put_llm(call: Call, payload: ChangeLlm) -> LlmSettings:
    """Set who answers a client, and how. What is left out or null is as the active preset or the
    profile has it."""
    return (await _change(call, payload, whole=True)).llm


@route(
    "PATCH",
    f"{_PATH}/llm",
    needs="screen",
    example={"client_id": "kiosk", "system_prompt": "Be brief."},
)
async def patch_llm(call: Call, payload: ChangeLlm) -> LlmSettings:
    """Change some of it; a null takes a setting back."""
    return (await _change(call, payload, whole=False)).llm


@route("GET", f"{_PATH}/tts", needs="screen", example={"client_id": "kiosk"})
async def get_tts(call: Call, payload: NamedClient) -> TtsSettings:
    """Show how answers to a client sound."""
    return call.services.clients.view(payload.client_id).tts


@route(
    "PUT",
    f"{_PATH}/tts",
    needs="screen",
    example={"client_id": "kiosk", "gender": "female", "rate": 0.9},
)
async def put_tts(call: Call, payload: ChangeTts) -> TtsSettings:
    """Set how answers to a client sound. What is left out or null is as the active preset or the
    profile has it."""
    return (await _change(call, payload, whole=True)).tts


@route("PATCH", f"{_PATH}/tts", needs="screen", example={"client_id": "kiosk", "accent": "british"})
async def patch_tts(call: Call, payload: ChangeTts) -> TtsSettings:
    """Change some of it; a null takes a setting back."""
    return (await _change(call, payload, whole=False)).tts


@route("GET", f"{_PATH}/stt", needs="screen", example={"client_id": "kiosk"})
async def get_stt(call: Call, payload: NamedClient) -> SttSettings:
    """Show in which language a client is spoken to."""
    return call.services.clients.view(payload.client_id).stt


@route("PUT", f"{_PATH}/stt", needs="screen", example={"client_id": "kiosk", "language": "en"})
async def put_stt(call: Call, payload: ChangeStt) -> SttSettings:
    """Set in which language a client is spoken to; without one, it is the profile's."""
    return (await _change(call, payload, whole=True)).stt


@route("PATCH", f"{_PATH}/stt", needs="screen", example={"client_id": "kiosk", "language": "en"})
async def patch_stt(call: Call, payload: ChangeStt) -> SttSettings:
    """Change in which language a client is spoken to."""
    return (await _change(call, payload, whole=False)).stt


@route("GET", f"{_PATH}/ui", needs="screen", example={"client_id": "kiosk"})
async def get_ui(call: Call, payload: NamedClient) -> Ui:
    """Show what a client keeps for itself, which means nothing to PiChat."""
    return _ui(call.services.clients.view(payload.client_id))


@route(
    "PUT",
    f"{_PATH}/ui",
    needs="screen",
    raw_body=True,
    max_bytes=_MOST_BODY_BYTES,
    example={"client_id": "kiosk"},
)
async def put_ui(call: Call, payload: NamedClient) -> Ui:
    """Keep a JSON object for a client, at most 64 KiB, in the place of what was there."""
    ui = await _object(call)
    return _ui(await call.services.clients.change(payload.client_id, ui=ui, whole=True))


@route(
    "PATCH",
    f"{_PATH}/ui",
    needs="screen",
    raw_body=True,
    max_bytes=_MOST_BODY_BYTES,
    example={"client_id": "kiosk"},
)
async def patch_ui(call: Call, payload: NamedClient) -> Ui:
    """Change some fields of it (RFC 7396): a null removes one."""
    return _ui(await call.services.clients.change(payload.client_id, ui=await _object(call)))


@route("POST", f"{_PATH}/reset", needs="screen", example={"client_id": "kiosk"})
async def reset_client(call: Call, payload: NamedClient) -> ClientView:
    """Take all settings of a client back. Its presets stay."""
    return await call.services.clients.reset(payload.client_id, *SECTIONS)


@route(
    "POST",
    f"{_PATH}/{{section}}/reset",
    needs="screen",
    example={"client_id": "kiosk", "section": "llm"},
)
async def reset_section(call: Call, payload: Reset) -> ClientView:
    """Take the settings of one section back: `llm`, `tts`, `stt` or `ui`."""
    return await call.services.clients.reset(payload.client_id, payload.section)


async def _change(
    call: Call, payload: ChangeLlm | ChangeTts | ChangeStt, *, whole: bool
) -> ClientView:
    values = msgspec.structs.asdict(payload)
    client_id = values.pop("client_id")
    clients = call.services.clients
    match payload:
        case ChangeLlm():
            return await clients.change(client_id, llm=LlmWishes(**values), whole=whole)
        case ChangeTts():
            return await clients.change(client_id, tts=TtsWishes(**values), whole=whole)
        case ChangeStt():
            return await clients.change(client_id, stt=SttWishes(**values), whole=whole)


async def _object(call: Call) -> dict[str, Any]:
    """The JSON object in the body. Raises BadRequestError and TooLargeError."""
    return json_object(call.request, await read_body(call.request, _MOST_BODY_BYTES))


def _ui(view: ClientView) -> Ui:
    return Ui(client_id=view.client_id, ui=view.ui)
