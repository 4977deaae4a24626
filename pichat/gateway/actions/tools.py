"""The tools of the house and of other programs: which there are, who may use them, and who wants
to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import BadRequestError, NotFoundError
from pichat.events import ToolsChanged
from pichat.gateway.context import Context
from pichat.gateway.door.caller import Caller, admit, reaches
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.mcp.snapshot import KnownTool
from pichat.mcp.switches import EVERYBODY, Whose
from pichat.tools.base import Permission, Tool
from pichat.tools.patterns import permits, switched
from pichat.tools.remote import Behalf
from pichat.turn.user_changes import UserChange

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Pattern = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Patterns = Annotated[tuple[Pattern, ...], msgspec.Meta(max_length=100)]
Refusing = Literal["profile", "client", "person", "switch", "server", "changed"]
_MOST_PATTERNS = 200


class GetTools(msgspec.Struct, frozen=True, kw_only=True):
    """For whom: without a `client_id` the one that asks, without a `profile` the one that would
    answer it. `server`: only tools of that server, with the schemas of their arguments."""

    client_id: Id | None = None
    profile: Id | None = None
    server: Id | None = None


class ToolView(msgspec.Struct, frozen=True, kw_only=True):
    """`permission`: what it does, `read`, `act` in the house or `show` on screens; null for one of
    another program, of which nobody knows. `schema`: of its arguments, as JSON schema; null for
    those of other programs, unless their `server` was asked for. `people_only`: no model is offered
    it. `refused_by`: whose preferences are against it, the profile's, which are for models alone,
    the client's, or the person's; a `switch`; its `server`, which is off; or that it has `changed`
    since the owner approved it. `instead`: one of another server that does the same and is
    preferred."""

    name: str
    description: str
    permission: Permission | None
    people_only: bool
    schema: dict[str, Any] | None
    allowed: bool
    refused_by: tuple[Refusing, ...]
    server: str | None = None
    instead: str | None = None


class ToolPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns of names, null for all tools. The last that fits counts; one with an exclamation
    mark before it (`!set_*`) switches off. `switches`: of tools of other programs, by whose: ""
    is everybody, else such as `token:ID`."""

    client_id: str
    client: tuple[str, ...] | None
    profile: str
    of_profile: tuple[str, ...] | None
    of_person: tuple[str, ...] | None
    switches: dict[str, dict[str, bool]] = {}


class ToolsList(msgspec.Struct, frozen=True, kw_only=True):
    tools: tuple[ToolView, ...]
    preferences: ToolPreferences


class UpdateToolPreferences(msgspec.Struct, frozen=True, kw_only=True):
    """Of one: a client (`client_id`; without any, the one that asks), a person (`user`, by name or
    id) or a `profile`; or, of tools of other programs, of `everybody`, or of the one that came in
    with a `token` (its id), to which what is switched on is passed on at /mcp as well. `on` and
    `off`: patterns of tools to switch; `tools`: all patterns instead, null for all tools."""

    client_id: Id | None = None
    user: Id | None = None
    profile: Id | None = None
    everybody: bool = False
    token: Id | None = None
    on: Patterns = ()
    off: Patterns = ()
    tools: Patterns | UnsetType | None = UNSET


def list_tools(services: Services, caller: Caller, asked: GetTools) -> ToolsList:
    """Raises NotFoundError for a profile or a server that is not there."""
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
        switches=_switches(services) if reaches(caller.scope, "screen") else {},
    )
    remote = _remote(services, asked.server)
    behalf = Behalf(
        source=caller.source if person.trusted else "guest",
        profile=profile,
        client_id=client_id,
        token_id=caller.id,
        allowed=person.terms.tools,
    )
    off = services.remote_tools.now.off
    instead = services.remote_tools.now.instead
    own = sorted(services.tools.tools.values(), key=lambda each: each.name)
    tools = [] if asked.server else [_view(each, preferences) for each in own]
    for each in remote:
        refused = [*_refusing(each.alias, preferences)]
        if "person" not in refused and not behalf.permits(each.alias):
            refused.append("person")  # it has to be meant for visitors and children
        if not services.tool_switches.is_on(each.alias, behalf):
            refused.append("switch")
        if each.server in off:
            refused.append("server")
        if each.changed:
            refused.append("changed")
        tools.append(_remote_view(each, refused, instead, whole=asked.server is not None))
    return ToolsList(tools=tuple(tools), preferences=preferences)


async def change_tools(
    services: Services, caller: Caller, change: UpdateToolPreferences
) -> ToolsList:
    """Raises BadRequestError, NotFoundError, NotAllowedError and UnavailableError."""
    named = (change.client_id, change.user, change.profile, change.token, change.everybody or None)
    if sum(each is not None for each in named) > 1:
        raise BadRequestError("Name one of “client_id”, “user”, “profile”, “token”, “everybody”.")
    if change.tools is not UNSET and (change.on or change.off):
        raise BadRequestError("Send either “tools”, or “on” and “off”.")
    if change.everybody or change.token is not None:
        admit(caller, "admin")
        await _switch(services, change)
    elif change.user is not None:
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


async def _switch(services: Services, change: UpdateToolPreferences) -> None:
    """Raises BadRequestError and NotFoundError."""
    if change.tools is not UNSET:
        raise BadRequestError("For “everybody” and a “token”, send “on” and “off”.")
    whose = EVERYBODY
    if change.token is not None:
        if all(each.id != change.token for each in services.door.tokens.all()):
            raise NotFoundError(f"There is no token “{change.token}”.")
        whose = Whose(kind="token", name=change.token)
    await services.tool_switches.change(whose, on=change.on, off=change.off)
    services.bus.publish(ToolsChanged(tools=len(services.remote_tools.now.tools)))


def _switches(services: Services) -> dict[str, dict[str, bool]]:
    return {
        whose: {each.pattern: each.is_on for each in switches}
        for whose, switches in services.tool_switches.all().items()
    }


def _remote(services: Services, server: str | None) -> Sequence[KnownTool]:
    """Raises NotFoundError."""
    if server is not None:
        return services.mcp_servers.tools(server)
    return tuple(services.remote_tools.now.tools.values())


def _of_profile(services: Services, name: str) -> tuple[str, ...] | None:
    """Raises NotFoundError."""
    patterns = services.profiles.view(name).settings.get("tools")
    return None if patterns is None else tuple(patterns)


def _changed(
    services: Services, patterns: tuple[str, ...] | None, change: UpdateToolPreferences
) -> tuple[str, ...] | None:
    if not isinstance(change.tools, UnsetType):
        return change.tools
    names = (*services.tools.tools, *services.remote_tools.now.tools)
    made = switched(patterns, change.on, change.off, names)
    if made is not None and len(made) > _MOST_PATTERNS:
        raise BadRequestError(f"That would be more than {_MOST_PATTERNS} patterns; send “tools”.")
    return made


def _view(tool: Tool, preferences: ToolPreferences) -> ToolView:
    refused = tuple(_refusing(tool.name, preferences))
    return ToolView(
        name=tool.name,
        description=tool.description,
        permission=tool.permission,
        people_only=tool.people_only,
        schema=msgspec.json.schema(tool.arguments),
        allowed=not refused,
        refused_by=refused,
    )


def _remote_view(
    known: KnownTool, refused: Sequence[Refusing], instead: Mapping[str, str], *, whole: bool
) -> ToolView:
    return ToolView(
        name=known.alias,
        description=known.description,
        permission=None,
        people_only=False,
        schema=schema_of(known) if whole else None,
        allowed=not refused,
        refused_by=tuple(refused),
        server=known.server,
        instead=instead.get(known.alias),
    )


def schema_of(known: KnownTool) -> dict[str, Any]:
    """What its server says of its arguments; nothing where that is no schema."""
    found = msgspec.json.decode(known.tool.schema)
    return found if isinstance(found, dict) else {}


def _refusing(name: str, preferences: ToolPreferences) -> Iterator[Refusing]:
    asked: tuple[tuple[Refusing, tuple[str, ...] | None], ...] = (
        ("profile", preferences.of_profile),
        ("client", preferences.client),
        ("person", preferences.of_person),
    )
    for who, patterns in asked:
        if not permits(patterns, name):
            yield who


@action("get_tools", needs="guest", example={"profile": "default"})
def get_tools(context: Context, payload: GetTools) -> ToolsList:
    """List the tools of the house and of other programs, what each takes, and whether this client,
    this person and the profile may use it. Subscribers of `tools` are told when those of other
    programs change, as `tools_changed`."""
    return list_tools(context.services, context.caller, payload)


@action("update_tool_preferences", needs="screen", example={"off": ["activate_*"]})
async def update_tool_preferences(context: Context, payload: UpdateToolPreferences) -> ToolsList:
    """Switch tools on or off, for a client, a person, a profile, a token or everybody. That holds
    from the next turn on, and for the house's own sentences as for models; what a profile has is
    for models alone. All but a client's need the scope admin. The reply is as that of
    get_tools."""
    return await change_tools(context.services, context.caller, payload)
