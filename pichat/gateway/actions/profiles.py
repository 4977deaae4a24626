"""Profiles: who answers, how, and with what voice."""

from typing import Annotated, Any

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.turn.profiles import ProfileView

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Names = Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)]


class GetProfiles(msgspec.Struct, frozen=True, kw_only=True):
    pass


class ProfilesList(msgspec.Struct, frozen=True, kw_only=True):
    """`active`: the one that answers where none was called. `wake_words`: whom each of the house's
    words calls; null for the active one."""

    profiles: tuple[ProfileView, ...]
    active: str
    wake_words: dict[str, str | None]


class CreateProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` are those of a profile in config.yaml, nested as there or by dotted names
    (`style.rate`); what is left out has its default. `wake_words`: those that shall call it, of
    the house's."""

    name: Name
    settings: dict[str, Any] = {}
    wake_words: Names | None = None


class UpdateProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`settings` that are left out stay as they are; those named in `reset` (`style.rate`, `style`,
    `wake_words`) are taken back to what config.yaml says, or to the default."""

    name: Name
    settings: dict[str, Any] = {}
    wake_words: Names | None = None
    reset: Names = ()


class NamedProfile(msgspec.Struct, frozen=True, kw_only=True):
    name: Name


class OneProfile(msgspec.Struct, frozen=True, kw_only=True):
    profile: ProfileView


class DeletedProfile(msgspec.Struct, frozen=True, kw_only=True):
    """`gone` is false for one that stands in config.yaml; `message` says what was done."""

    name: str
    gone: bool
    message: str


def list_profiles(services: Services) -> ProfilesList:
    profiles = services.profiles
    return ProfilesList(
        profiles=profiles.views(), active=profiles.active, wake_words=dict(profiles.wake_words())
    )


async def add_profile(services: Services, payload: CreateProfile) -> OneProfile:
    view = await services.profiles.create(payload.name, payload.settings, payload.wake_words)
    return OneProfile(profile=view)


async def change_profile(services: Services, payload: UpdateProfile) -> OneProfile:
    view = await services.profiles.update(
        payload.name, payload.settings, reset=payload.reset, wake_words=payload.wake_words
    )
    return OneProfile(profile=view)


async def remove_profile(services: Services, name: str) -> DeletedProfile:
    gone = await services.profiles.delete(name)
    message = (
        f"The profile “{name}” is gone."
        if gone
        else f"“{name}” stands in config.yaml and stays; what was changed of it was taken back."
    )
    return DeletedProfile(name=name, gone=gone, message=message)


@action("get_profiles", needs="screen")
def get_profiles(context: Context, payload: GetProfiles) -> ProfilesList:  # noqa: ARG001
    """List the profiles, each with its settings and with what was changed of them."""
    return list_profiles(context.services)


@action(
    "create_profile",
    needs="admin",
    example={"name": "kids", "settings": {"style": {"rate": 0.9}, "system": "Be kind."}},
)
async def create_profile(context: Context, payload: CreateProfile) -> OneProfile:
    """Add a profile. It is there for the next turn; bad_request names every setting that does not
    fit. Subscribers are told of this and of every other change as `profiles_changed`."""
    return await add_profile(context.services, payload)


@action(
    "update_profile",
    needs="admin",
    example={"name": "default", "settings": {"style.accent": "scottish"}},
)
async def update_profile(context: Context, payload: UpdateProfile) -> OneProfile:
    """Change some settings of a profile, all of them or none. A setting that was never changed
    follows config.yaml."""
    return await change_profile(context.services, payload)


@action("delete_profile", needs="admin", example={"name": "kids"})
async def delete_profile(context: Context, payload: NamedProfile) -> DeletedProfile:
    """Delete a profile; `default` takes its place where it was used. One that stands in config.yaml
    stays, and is as it is there again."""
    return await remove_profile(context.services, payload.name)


@action("activate_profile", needs="screen", example={"name": "default"})
async def activate_profile(context: Context, payload: NamedProfile) -> OneProfile:
    """Have a profile answer wherever none is called by its name or its wake word."""
    return OneProfile(profile=await context.services.profiles.activate(payload.name))
