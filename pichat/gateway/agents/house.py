"""The house's own tools, and those of other programs that are passed on."""

from collections.abc import Iterator, Set
from typing import Any

import msgspec

from pichat.errors import NotAllowedError
from pichat.events import Device, DeviceOutcome, ToolCall, ToolResult
from pichat.gateway.agents.asked import Asked
from pichat.gateway.agents.relay import Relay
from pichat.gateway.agents.served import schema_of, title_of
from pichat.gateway.door.caller import Caller
from pichat.gateway.people import tools_of
from pichat.gateway.services import Services
from pichat.mcp.plain import plain
from pichat.mcp.server.base import Done, Json, Picture, ServedTool
from pichat.mcp.snapshot import KnownTool
from pichat.tools.others import with_others
from pichat.tools.patterns import permits
from pichat.tools.remote import Behalf
from pichat.tools.specs import as_call, result_text, tool_specs


class HouseQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has to say yes to first. `expires_s`: seconds since the epoch."""

    id: str
    text: str
    expires_s: float


class HouseResult(msgspec.Struct, frozen=True, kw_only=True):
    """`outcomes`: what each device confirmed, or why it failed. `value`: of tools that only look.
    With a `question` nothing was done yet; get_confirmation tells what came of it."""

    outcomes: tuple[DeviceOutcome, ...] = ()
    value: Any = None
    question: HouseQuestion | None = None


RESULT = schema_of(HouseResult)


def everything(services: Services) -> tuple[Device, ...]:
    """The devices, and the groups and scenes as far as they can be named as such."""
    return with_others(services.house.devices(), services.groups.all(), services.scenes.all())


def may_use(services: Services, caller: Caller, name: str) -> bool:
    """Whether the caller's person may, and whether it is switched on for its token."""
    return permits(tools_of(services, caller), name) and permits(
        services.clients.tools(caller.id), name
    )


def house_tools(services: Services) -> list[ServedTool]:
    """All that a program may be told of, with the arguments as models have them."""
    tools = services.tools.tools
    return [
        ServedTool(
            name=spec.name,
            title=title_of(spec.name),
            description=spec.description,
            takes=spec.parameters,
            gives=RESULT,
            changes=tools[spec.name].permission != "read",
            destroys=tools[spec.name].permission == "act",
            again=True,
        )
        for spec in tool_specs(tools, None, everything(services))
    ]


def passed_on(services: Services, caller: Caller) -> Iterator[ServedTool]:
    """Those of servers elsewhere that are switched on for the caller's token."""
    for known in _passed_on(services, caller):
        yield ServedTool(
            name=known.alias,
            title=f"{known.tool.name} ({known.server})",
            description=known.description,
            takes=plain(known.tool.schema),
            outside=True,
            destroys=True,
        )


def _passed_on(services: Services, caller: Caller) -> Iterator[KnownTool]:
    now = services.remote_tools.now
    off = now.off
    for known in now.tools.values():
        if _is_on(services, caller, known, off):
            yield known


def is_passed_on(services: Services, caller: Caller, alias: str) -> bool:
    """Whether it is a tool of a server elsewhere that the caller may use."""
    now = services.remote_tools.now
    known = now.tools.get(alias)
    return known is not None and _is_on(services, caller, known, now.off)


def _is_on(services: Services, caller: Caller, known: KnownTool, off: Set[str]) -> bool:
    usable = not known.changed and known.server not in off
    return usable and services.tool_switches.is_passed_on(known.alias, caller.id)


async def use(asked: Asked, name: str, arguments: Json) -> Done:
    """Call a tool of the house's through the one door. Raises PiChatError."""
    services, caller = asked.services, asked.caller
    text = msgspec.json.encode(arguments).decode()
    call = as_call(name, text, everything(services))
    result = await services.tools.call(
        call, source="agent", turn_id=asked.turn_id, allowed=tools_of(services, caller)
    )
    return done_of(result)


async def use_elsewhere(asked: Asked, name: str, arguments: Json) -> Done:
    """Call a tool that is passed on. Raises PiChatError."""
    services, caller = asked.services, asked.caller
    if not is_passed_on(services, caller, name):
        raise NotAllowedError(f"The tool “{name}” is not passed on to “{caller.name}”.")

    async with Relay(asked.progress) as relay:
        result = await services.tools.call(
            ToolCall(name=name, arguments=arguments),
            source="agent",
            turn_id=asked.turn_id,
            allowed=tools_of(services, caller),
            behalf=Behalf(
                source="agent",
                user_id=caller.user_id,
                client_id=caller.id,
                token_id=caller.id,
                depth=asked.depth,
            ),
            progress=relay.tell,
        )
    return done_of(result, outside=True)


def done_of(result: ToolResult, *, outside: bool = False) -> Done:
    failed = next((each.error_code for each in result.outcomes if each.error_code), None)
    code = failed or ("failed" if result.failed else None)
    pictures = tuple(Picture(media_type=p.media_type, data=p.data) for p in result.images)
    if outside:
        value = result.value
        text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
        return Done(text=text, failed=not result.ok, code=code, pictures=pictures)
    asked = result.question
    told = HouseResult(
        outcomes=result.outcomes,
        value=result.value,
        question=HouseQuestion(id=asked.id, text=asked.text, expires_s=asked.expires_s)
        if asked
        else None,
    )
    text = result_text(result)
    if asked is not None:
        text = (
            f"Nothing was done yet. A person of the house has to say yes first: “{asked.text}”"
            f" Ask get_confirmation with the id “{asked.id}” what came of it."
        )
    return Done(
        text=text,
        value=msgspec.to_builtins(told),
        failed=not result.ok,
        code=code,
        pictures=pictures,
    )
