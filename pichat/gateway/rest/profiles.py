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
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


@route("GET", "/api/profiles", needs="screen")
async def get_profiles(call: Call, payload: GetProfiles) -> ProfilesList:  # noqa: ARG001
    """List the profiles, each with its settings and with what was changed of them."""
    return list_profiles(call.services)


@route("POST", "/api/profiles", needs="admin", status=201)
async def post_profile(call: Call, payload: CreateProfile) -> OneProfile:
    """Add a profile."""
    return await add_profile(call.services, payload)


@route("GET", "/api/profiles/{name}", needs="screen")
async def get_profile(call: Call, payload: NamedProfile) -> OneProfile:
    """Show one profile."""
    return OneProfile(profile=call.services.profiles.view(payload.name))


@route("PATCH", "/api/profiles/{name}", needs="admin")
async def patch_profile(call: Call, payload: UpdateProfile) -> OneProfile:
    """Change some settings of a profile, all of them or none."""
    return await change_profile(call.services, payload)


@route("DELETE", "/api/profiles/{name}", needs="admin")
async def delete_profile(call: Call, payload: NamedProfile) -> DeletedProfile:
    """Delete a profile; one that stands in config.yaml is only as it is there again."""
    return await remove_profile(call.services, payload.name)


@route("POST", "/api/profiles/{name}/activate", needs="screen")
async def activate_profile(call: Call, payload: NamedProfile) -> OneProfile:
    """Have a profile answer wherever none is called by its name or its wake word."""
    return OneProfile(profile=await call.services.profiles.activate(payload.name))
