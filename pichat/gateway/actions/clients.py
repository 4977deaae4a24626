"""What front ends want kept for them: who answers, how that sounds, and what they look like."""

from typing import Annotated, Any

import msgspec

from pichat.gateway.clients.views import ClientView
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.store.clients import LlmWishes, SttWishes, TtsWishes

ClientId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""Up to 64 letters, digits, dots, dashes and underscores."""


class NamedClient(msgspec.Struct, frozen=True, kw_only=True):
    """`client_id`: a name that the front end chose, such as `kiosk`, `svelte` or `cli`. It is no
    secret and no right: all that use the same one share its settings."""

    client_id: ClientId


class UpdateClientSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is; a null takes a setting back, so that it is as the active
    preset or the profile has it. `ui` is the front end's own: its fields are merged into those
    that are there, and a null removes one."""

    client_id: ClientId
    llm: LlmWishes | None = None
    tts: TtsWishes | None = None
    stt: SttWishes | None = None
    ui: dict[str, Any] | None = None


@action("get_client_settings", needs="screen", example={"client_id": "kiosk"})
def get_client_settings(context: Context, payload: NamedClient) -> ClientView:
    """Tell what holds for a front end: who answers it, how that sounds, in which language it is
    spoken to, what it looks like. One that nobody has set anything for has what the active profile
    has. Screens may see and set those of every client, as one person's tablet and another's phone
    are the same kind of front end: the id says which program it is, not who holds it."""
    return context.services.clients.view(payload.client_id)


@action(
    "update_client_settings",
    needs="screen",
    example={"client_id": "kiosk", "tts": {"rate": 0.9}, "ui": {"theme": "dark"}},
)
async def update_client_settings(context: Context, payload: UpdateClientSettings) -> ClientView:
    """Change some settings of a front end, all of them or none; they hold from its next chat on.
    Subscribers to `profiles` are told as `client_settings_changed`."""
    return await context.services.clients.change(
        payload.client_id, llm=payload.llm, tts=payload.tts, stt=payload.stt, ui=payload.ui
    )
