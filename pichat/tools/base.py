"""What a tool is, and the box that runs it: one check, one audit line, for every caller."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from pichat.errors import BadRequestError, CancelledByUserError, NotFoundError, PiChatError
from pichat.events import Device, Source, State, ToolCall, ToolResult
from pichat.store.audit import Audit


class House(Protocol):
    """What tools need of the hub."""

    def devices(self) -> tuple[Device, ...]: ...

    async def set(self, device_id: str, capability: str, value: State) -> State:
        """Command the device and return the state that it confirmed. Raises DeviceSilentError,
        NotConfirmedError, UnsupportedError, UnavailableError or NotFoundError."""
        ...

    async def read(self, device_id: str, capability: str) -> State:
        """The device's own value, asked now, or the reported one where the device sleeps."""
        ...


class NoArguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For tools that need none."""


Handler = Callable[[House, Any], Awaitable[ToolResult]]


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """`arguments` is the msgspec type that the JSON arguments are converted to."""

    name: str
    description: str
    arguments: type[msgspec.Struct]
    handler: Handler


REGISTRY: dict[str, Tool] = {}


def tool(name: str, arguments: type[msgspec.Struct]) -> Callable[[Handler], Handler]:
    """Register the decorated handler; its docstring is the description."""

    def register(handler: Handler) -> Handler:
        if name in REGISTRY:
            raise TypeError(f"tool {name!r} is registered twice")
        description = (handler.__doc__ or "").strip()
        REGISTRY[name] = Tool(
            name=name, description=description, arguments=arguments, handler=handler
        )
        return handler

    return register


class Toolbox:
    """Runs tools. The arguments are validated before a handler sees them."""

    def __init__(self, house: House, audit: Audit, tools: dict[str, Tool]) -> None:
        self._house = house
        self._audit = audit
        self._tools = tools

    async def call(self, call: ToolCall, *, source: Source, turn_id: str) -> ToolResult:
        """The tool's result. A device that failed is an outcome in it, not an error; raises a
        PiChatError when nothing could be tried (unknown tool, bad arguments, no such device)."""
        self._audit.admit()
        outcome = PiChatError.code  # unless it ends in a way that is known
        try:
            result = await self._run(call)
            outcome = next((o.error_code for o in result.outcomes if o.error_code), "ok")
        except PiChatError as error:
            outcome = error.code
            raise
        except asyncio.CancelledError:
            outcome = CancelledByUserError.code
            raise
        finally:
            self._audit.add(turn_id, source, call, outcome)
        return result

    async def _run(self, call: ToolCall) -> ToolResult:
        found = self._tools.get(call.name)
        if found is None:
            raise NotFoundError(f"There is no tool called “{call.name}”.")
        try:
            arguments = msgspec.convert(call.arguments, found.arguments)
        except msgspec.ValidationError as error:
            raise BadRequestError(f"{call.name}: {error}.") from error
        return await found.handler(self._house, arguments)
