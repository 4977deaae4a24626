"""What other programs can read, and follow."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from pichat.errors import NotFoundError, PiChatError
from pichat.gateway.actions.conversations import (
    GetConversations,
    GetMessages,
    MessagesList,
    NamedId,
    list_messages,
    list_them,
    show,
)
from pichat.gateway.actions.profiles import list_profiles
from pichat.gateway.actions.system import health_report
from pichat.gateway.actions.users import list_users
from pichat.gateway.agents.talking import owner_of
from pichat.gateway.door.caller import Caller, Need, admit, reaches
from pichat.gateway.past import fitting, message_view
from pichat.gateway.services import Services
from pichat.mcp.server.base import ServedResource
from pichat.tools.meant import folded
from pichat.tools.targets import rooms_of

SCHEME = "pichat://"
_LONGEST = 512

Reader = Callable[[Services, Caller, str], Awaitable[Any]]


class Readable(msgspec.Struct, frozen=True, kw_only=True):
    """Its address is `pichat://devices`, or has one variable at its end, whose value the reader
    gets: `pichat://devices/{device}`. `each`: what that may be now."""

    served: ServedResource
    needs: Need
    reader: Reader
    each: Callable[[Services], Iterable[str]] | None = None

    @property
    def is_template(self) -> bool:
        return self.served.uri.endswith("}")

    @property
    def variable(self) -> str:
        return self.served.uri.rpartition("{")[2].removesuffix("}")

    @property
    def stem(self) -> str:
        return self.served.uri.partition("{")[0]


REGISTRY: dict[str, Readable] = {}


def readable(
    path: str,
    title: str,
    *,
    needs: Need = "agent",
    each: Callable[[Services], Iterable[str]] | None = None,
) -> Callable[[Reader], Reader]:
    """Register the decorated reader; its docstring is the description."""

    def register(reader: Reader) -> Reader:
        uri = SCHEME + path
        resource = ServedResource(
            uri=uri,
            name=path.partition("/{")[0] if "{" not in path else path.replace("/{", "-")[:-1],
            title=title,
            description=" ".join((inspect.getdoc(reader) or "").split()),
        )
        found = Readable(served=resource, needs=needs, reader=reader, each=each)
        if REGISTRY.setdefault(uri, found) is not found:
            raise TypeError(f"resource {uri!r} is served twice")
        return reader

    return register


def uri_of(path: str, value: str) -> str:
    return f"{SCHEME}{path}/{quote(value, safe=':')}"


# --- which there are ---------------------------------------------------------------------------


def resources(services: Services, caller: Caller) -> Sequence[ServedResource]:
    """The lists, then each device and each profile."""
    found = [
        each.served
        for each in REGISTRY.values()
        if not each.is_template and reaches(caller.scope, each.needs)
    ]
    found += [
        ServedResource(
            uri=uri_of("devices", device.id),
            name=device.name,
            title=device.name,
            description=f"{device.kind}{f', {device.area}' if device.area else ''}",
        )
        for device in services.house.devices()
    ]
    found += [
        ServedResource(
            uri=uri_of("profiles", name), name=name, title=name, description=f"The profile {name}."
        )
        for name in services.profiles.names()
    ]
    return found


def templates(caller: Caller) -> Sequence[ServedResource]:
    return [
        each.served
        for each in REGISTRY.values()
        if each.is_template and reaches(caller.scope, each.needs)
    ]


async def read(services: Services, caller: Caller, uri: str) -> Any:
    """Raises NotFoundError and NotAllowedError."""
    if len(uri) > _LONGEST:
        raise NotFoundError("There is nothing to read at an address so long.")
    exact = REGISTRY.get(uri)
    if exact is not None and not exact.is_template:
        admit(caller, exact.needs)
        return await exact.reader(services, caller, "")
    for each in REGISTRY.values():
        value = uri.removeprefix(each.stem)
        if each.is_template and uri.startswith(each.stem) and value and "/" not in value:
            admit(caller, each.needs)
            return await each.reader(services, caller, unquote(value))
    raise NotFoundError(f"There is nothing to read at {uri[:100]}.")


async def may_follow(services: Services, caller: Caller, uri: str) -> bool:
    """Whether it can be read."""
    try:
        await read(services, caller, uri)
    except PiChatError:
        return False
    return True


def values(services: Services, uri: str, variable: str) -> Iterable[str]:
    """What the variable of a template may be now."""
    found = REGISTRY.get(uri)
    if found is None or not found.is_template or found.variable != variable or not found.each:
        return ()
    return found.each(services)


# --- the house ---------------------------------------------------------------------------------


@readable("devices", "Devices")
async def _devices(services: Services, _: Caller, __: str) -> Any:
    """Every device: what it can do, and its state as last reported."""
    return {"devices": services.house.devices()}


def _device_names(services: Services) -> Iterable[str]:
    return [device.name for device in services.house.devices()]


@readable("devices/{device}", "A device", each=_device_names)
async def _device(services: Services, _: Caller, wanted: str) -> Any:
    """One device, by its id or name: what it can do, and its state as last reported."""
    name = folded(wanted)
    for device in services.house.devices():
        if wanted == device.id or name == folded(device.name):
            return device
    raise NotFoundError(f"There is no device “{wanted[:64]}”.")


@readable("rooms", "Rooms")
async def _rooms(services: Services, _: Caller, __: str) -> Any:
    """The rooms, each with the names of its devices."""
    rooms = rooms_of(services.house.devices())
    return {"rooms": {area: [each.name for each in inside] for area, inside in rooms.items()}}


def _room_names(services: Services) -> Iterable[str]:
    return rooms_of(services.house.devices())


@readable("rooms/{room}", "A room", each=_room_names)
async def _room(services: Services, _: Caller, wanted: str) -> Any:
    """The devices of one room, with their states."""
    for area, inside in rooms_of(services.house.devices()).items():
        if folded(area) == folded(wanted):
            return {"room": area, "devices": inside}
    raise NotFoundError(f"There is no room “{wanted[:64]}”.")


@readable("scenes", "Scenes")
async def _scenes(services: Services, _: Caller, __: str) -> Any:
    """The scenes, with the states that they bring up."""
    return {"scenes": services.scenes.all()}


@readable("groups", "Groups")
async def _groups(services: Services, _: Caller, __: str) -> Any:
    """The groups of devices."""
    return {"groups": services.groups.all()}


@readable("health", "Health")
async def _health(services: Services, _: Caller, __: str) -> Any:
    """The condition of each part of PiChat, with the reason where it is not ok."""
    return health_report(services.health)


# --- who answers, and for whom -----------------------------------------------------------------


@readable("profiles", "Profiles")
async def _profiles(services: Services, _: Caller, __: str) -> Any:
    """Who answers: every profile, and which of them is active."""
    return list_profiles(services)


def _profile_names(services: Services) -> Iterable[str]:
    return services.profiles.names()


@readable("profiles/{name}", "A profile", each=_profile_names)
async def _profile(services: Services, _: Caller, wanted: str) -> Any:
    """One profile: its model parameters, voice and tools, and what was changed of them."""
    return services.profiles.view(wanted)


@readable("models", "Models")
async def _models(services: Services, _: Caller, __: str) -> Any:
    """The language models that can be asked, and which of them work."""
    return await services.models.models()


@readable("users", "People", needs="screen")
async def _users(services: Services, _: Caller, __: str) -> Any:
    """The people of the house, and what each may."""
    return list_users(services)


@readable("conversations", "Conversations", needs="screen")
async def _conversations(services: Services, caller: Caller, _: str) -> Any:
    """The conversations with the newest messages."""
    return await list_them(services, caller, GetConversations())


@readable("conversations/{id}", "A conversation")
async def _conversation(services: Services, caller: Caller, wanted: str) -> Any:
    """What was said in one conversation, oldest first: in one of this program's own, and for
    screens in any of its person's."""
    own = {each.id for each in services.sessions.all(owner_of(caller))}
    if wanted in own:
        page = await services.conversations.messages(wanted, user_id=caller.user_id)
        kept = fitting([message_view(stored) for stored in page.messages])
        more = page.more or len(kept) < len(page.messages)
        return MessagesList(conversation_id=wanted, messages=kept, more=more)
    admit(caller, "screen")
    await show(services, caller, NamedId(id=wanted))
    return await list_messages(services, caller, GetMessages(conversation_id=wanted))
