"""What each person prefers: who thinks, what voice answers, in which language."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, structs

from pichat.config.describe import suggestion
from pichat.errors import BadRequestError, NotAllowedError, UnsupportedError
from pichat.gateway.context import Context
from pichat.gateway.door.caller import HOUSE, Caller
from pichat.gateway.people import of_the_house, speaking_for
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.gateway.voice_names import accents
from pichat.store.users import User, VoiceSettings
from pichat.turn.user_changes import SettingsChange

Person = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`user`: whose, by id or name, on a screen that is nobody's in particular."""

    user: Person | None = None


class SettingsView(msgspec.Struct, frozen=True, kw_only=True):
    """`user_id` and `name`: whose they are. `selected_model`: `auto` for the profile's chain, else
    who is asked after the house's own commands. `language` and `profile`: null for the profile's,
    and for whoever is active. `ui`: what screens keep for themselves."""

    user_id: str
    name: str
    selected_model: str
    voice_settings: VoiceSettings
    language: str | None
    profile: str | None
    theme: Literal["auto", "light", "dark"]
    ui: dict[str, Any]


class UpdateSettings(SettingsChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is. `selected_model`: `auto` for the profile's own chain, a
    provider's name, `provider:model`, or the name of a model that one of them asks. `profile` and
    `language`: null for whoever is active, and for the profile's. `ui`: any JSON that screens keep
    for themselves, of which a key with null is taken away. `user`: whose, by id or name, on a
    screen that is nobody's in particular."""

    user: Person | None = None


def show_settings(services: Services, caller: Caller, payload: GetSettings) -> SettingsView:
    speaker = speaking_for(services, caller, payload.user)
    return view_of(services.users.get(speaker.user_id))


async def change_settings(
    services: Services, caller: Caller, payload: UpdateSettings, *, anew: bool = False
) -> SettingsView:
    """`anew`: what is left out is as for somebody new. Raises UnsupportedError for a visitor, and
    NotAllowedError for the house's by a program, and for a child's profile by the child."""
    speaker = speaking_for(services, caller, payload.user)
    if speaker.user_id == HOUSE and not of_the_house(caller):
        raise NotAllowedError(f"“{caller.name}” may not change what is the house's.")
    asking = services.users.standing(caller.user_id)
    if not asking.kept:
        raise UnsupportedError("What visitors prefer is not kept.")
    if not asking.trusted and payload.profile is not UNSET:
        raise NotAllowedError("Who answers you is chosen by whoever runs this house.")
    _check_accent(payload)
    if not asking.trusted and anew:
        kept = services.users.get(speaker.user_id).profile
        payload = structs.replace(payload, profile=kept)
    return view_of(await services.users.settle(speaker.user_id, payload, anew=anew))


@action("get_settings", needs="guest", reply="settings")
def get_settings(context: Context, payload: GetSettings) -> SettingsView:
    """Tell what a person prefers."""
    return show_settings(context.services, context.caller, payload)


@action(
    "update_settings",
    needs="guest",
    reply="settings_updated",
    example={
        "selected_model": "auto",
        "voice_settings": {"gender": "female", "accent": "polish"},
    },
)
async def update_settings(context: Context, payload: UpdateSettings) -> SettingsView:
    """Change what a person prefers: which model thinks for them, with what voice their answers
    sound where a request names none, in which language, and who answers. It holds from the next
    request on; bad_request names every field that does not fit."""
    return await change_settings(context.services, context.caller, payload)


def _check_accent(payload: UpdateSettings) -> None:
    voice = payload.voice_settings
    accent = voice.accent if voice is not UNSET else None
    if isinstance(accent, str) and accent.casefold() not in accents():
        hint = suggestion(accent.casefold(), accents())
        raise BadRequestError(
            f"The field “voice_settings.accent”: nobody here speaks “{accent}”.{hint}"
        )


def view_of(user: User) -> SettingsView:
    settings = user.settings
    return SettingsView(
        user_id=user.id,
        name=user.name,
        selected_model=settings.selected_model,
        voice_settings=settings.voice_settings,
        language=settings.language,
        profile=user.profile,
        theme=settings.theme,
        ui=settings.ui,
    )
