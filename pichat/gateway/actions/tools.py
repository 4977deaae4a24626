"""The tools of the house: which there are, who may use them, and who wants to."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import BadRequestError
from pichat.gateway.context import Context
from pichat.gateway.door.caller import Caller, admit
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.tools.base import Permission, Tool
from pichat.tools.patterns import permits, switched
from pichat.turn.user_changes import UserChange

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(max_length=100)]
Refusing = Literal["profile", "client", "person"]
_MOST_PATTERNS = 200


class GetTools(msgspec.Struct, frozen=True, kw_only=True):
    """For whom: without a `client_id` the one that asks, without a `profile` the one that would
    answer it."""

    client_id: Id | None = None
    profile: Id | None = None


class ToolView(msgspec.Struct, frozen=True, kw_only=True):
    """`permission`: what it does, `read`, `act` in the house or `show` on screens. `schema`: of its
    arguments, as JSON schema. `people_only`: no model is offered it. `refused_by`: whose
    preferences are against it, the profile's, which are for models alone, the client's, or the
    person's."""

    name: str
    description: str
    permission: Permission
    people_only: bool
    schema: dict[str, Any]
    allowed: bool
    refused_by: tuple[Refusing, ...]


class ToolPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns of names, null for all tools. The last that fits counts; one with an exclamation
    mark before it (`!set_*`) switches off."""

    client_id: str
    client: tuple[str, ...] | None
    profile: str
    of_profile: tuple[str, ...] | None
    of_person: tuple[str, ...] | None


class ToolsList(msgspec.Struct, frozen=True, kw_only=True):
    tools: tuple[ToolView, ...]
    preferences: ToolPreferences


class UpdateToolPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """Of one: a client (`client_id`; without any, the one that asks), a person (`user`, by name or
    id) or a `profile`. `on` and `off`: patterns of tools to switch; `tools`: all patterns instead,
    null for all tools."""

    client_id: Id | None = None
    user: Id | None = None
    profile: Id | None = None
    on: Patterns = ()
    off: Patterns = ()
    tools: Patterns | UnsetType | None = UNSET


def list_tools(services: Services, caller: Caller, asked: GetTools) -> ToolsList:
    """Raises NotFoundError for a profile that is not there."""
    client_id = asked.client_id or caller.id
    person = services.users.standing(caller.user_id)
    wanted = services.clients.profile(client_id) if person.trusted else ""
    profile = asked.profile or wanted or person.profile or services.profiles.active
    preferences = ToolPreferences(
        client_id=client_id,
        client=services.clients.tools(client_id),
        profile=profile,
        of_profile=_of_profile(services, profile),
        of_person=person.terms.tools,
    )
    tools = sorted(services.tools.tools.values(), key=lambda each: each.name)
    return ToolsList(
        tools=tuple(_view(each, preferences) for each in tools), preferences=preferences
    )


async def change_tools(
    services: Services, caller: Caller, change: UpdateToolPreferences
) -> ToolsList:
    """Raises BadRequestError, NotFoundError, NotAllowedError and UnavailableError."""
    chosen = [each for each in (change.client_id, change.user, change.profile) if each is not None]
    if len(chosen) > 1:
        raise BadRequestError("Name one of “client_id”, “user” and “profile”.")
    if change.tools is not UNSET and (change.on or change.off):
        raise BadRequestError("Send either “tools”, or “on” and “off”.")
    if change.user is not None:
        admit(caller, "admin")
        user = services.users.find(change.user)
        patterns = _changed(services, services.users.standing(user.id).terms.tools, change)
        await services.users.update(user.id, UserChange(tools=patterns))
    elif change.profile is not None:
        admit(caller, "admin")
        patterns = _changed(services, _of_profile(services, change.profile), change)
        await services.profiles.update(change.profile, {"tools": patterns})
    else:
        client_id = change.client_id or caller.id
        patterns = _changed(services, services.clients.tools(client_id), change)
        await services.clients.set_tools(client_id, patterns)
    asked = GetTools(client_id=change.client_id, profile=change.profile)
    return list_tools(services, caller, asked)


def _of_profile(services: Services, name: str) -> tuple[str, ...] | None:
    """Raises NotFoundError."""
    patterns = services.profiles.view(name).settings.get("tools")
    return None if patterns is None else tuple(patterns)


def _changed(
    services: Services, patterns: tuple[str, ...] | None, change: UpdateToolPreferences
) -> tuple[str, ...] | None:
    if not isinstance(change.tools, UnsetType):
        return change.tools
    made = switched(patterns, change.on, change.off, tuple(services.tools.tools))
    if made is not None and len(made) > _MOST_PATTERNS:
        raise BadRequestError(f"That would be more than {_MOST_PATTERNS} patterns; send “tools”.")
    return made


def _view(tool: Tool, preferences: ToolPreferences) -> ToolView:
    asked: tuple[tuple[Refusing, tuple[str, ...] | None], ...] = (
        ("profile", preferences.of_profile),
        ("client", preferences.client),
        ("person", preferences.of_person),
    )
    refused = tuple(who for who, patterns in asked if not permits(patterns, tool.name))
    return ToolView(
        name=tool.name,
        description=tool.description,
        permission=tool.permission,
        people_only=tool.people_only,
        schema=msgspec.json.schema(tool.arguments),
        allowed=not refused,
        refused_by=refused,
    )


@action("get_tools", needs="guest", example={"profile": "default"})
def get_tools(context: Context, payload: GetTools) -> ToolsList:
    """List the tools of the house, what each takes, and whether this client, this person and the
    profile may use it."""
    return list_tools(context.services, context.caller, payload)


@action("update_tool_preferences", needs="screen", example={"off": ["activate_*"]})
async def update_tool_preferences(context: Context, payload: UpdateToolPreferences) -> ToolsList:
    """Switch tools on or off, for a client, a person or a profile. That holds from the next turn
    on, and for the house's own sentences as for models; what a profile has is for models alone.
    A person's or a profile's need the scope admin. The reply is as that of get_tools."""
    return await change_tools(context.services, context.caller, payload)
