"""Profiles over HTTP: the same as the actions."""

from pichat.gateway.actions.profiles import (
    CreateProfile,
    DeletedProfile,
    GetProfiles,
    NamedProfile,
    OneProfile,
    ProfilesList,
    UpdateProfile,
    add_profile,
    change_profile,
    list_profiles,
    remove_profile,
)
from pichat.gateway.routes import route
from pichat.gateway.services import Services


@route("GET", "/api/profiles")
async def get_profiles(services: Services, payload: GetProfiles) -> ProfilesList:  # noqa: ARG001
    """List the profiles, each with its settings and with what was changed of them."""
    return list_profiles(services)


@route("POST", "/api/profiles", status=201)
async def post_profile(services: Services, payload: CreateProfile) -> OneProfile:
    """Add a profile."""
    return await add_profile(services, payload)


@route("GET", "/api/profiles/{name}")
async def get_profile(services: Services, payload: NamedProfile) -> OneProfile:
    """Show one profile."""
    return OneProfile(profile=services.profiles.view(payload.name))


@route("PATCH", "/api/profiles/{name}")
async def patch_profile(services: Services, payload: UpdateProfile) -> OneProfile:
    """Change some settings of a profile, all of them or none."""
    return await change_profile(services, payload)


@route("DELETE", "/api/profiles/{name}")
async def delete_profile(services: Services, payload: NamedProfile) -> DeletedProfile:
    """Delete a profile; one that stands in config.yaml is only as it is there again."""
    return await remove_profile(services, payload.name)


@route("POST", "/api/profiles/{name}/activate")
async def activate_profile(services: Services, payload: NamedProfile) -> OneProfile:
    """Have a profile answer wherever none is called by its name or its wake word."""
    return OneProfile(profile=await services.profiles.activate(payload.name))
