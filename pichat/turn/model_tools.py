"""The tools as a model uses them in one turn: the house's, and those of other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from pichat.errors import BadRequestError
from pichat.events import Device, Source, ToolCall, ToolResult
from pichat.llm.base import Call, ToolSpec
from pichat.tools.base import Toolbox
from pichat.tools.remote import CALL_TOOL, Behalf, Progress
from pichat.tools.specs import as_call, json_object, tool_specs


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsOfTurn:
    """Implements acting.ModelTools. `allowed`: the profile's patterns of names, None for all;
    `behind`: who spoke to the model. `offered`: what it is told of tools elsewhere, and `behalf`
    for whom they are used."""

    toolbox: Toolbox
    devices: Callable[[], Sequence[Device]]
    allowed: Sequence[str] | None
    turn_id: str
    conversation_id: str
    behind: Source = "voice"
    offered: tuple[ToolSpec, ...] = ()
    behalf: Behalf | None = None

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The house's own come first, the same bytes each time; what changes comes last."""
        own = tool_specs(self.toolbox.tools, self.allowed, self.devices())
        return (*own, *self.offered)

    async def run(
        self, call: Call, *, outside: bool, progress: Progress | None = None
    ) -> tuple[ToolCall, ToolResult]:
        """See ModelTools."""
        understood = self._understood(call.name, call.arguments)
        result = await self.toolbox.call(
            understood,
            source="model",
            turn_id=self.turn_id,
            conversation_id=self.conversation_id,
            outside=outside,
            allowed=self.allowed,
            behind=self.behind,
            behalf=self.behalf,
            progress=progress,
        )
        return understood, result

    def _understood(self, name: str, arguments: str) -> ToolCall:
        remote = self.toolbox.remote
        if remote is None:
            return as_call(name, arguments, self.devices())
        if name == CALL_TOOL and self.offered:
            name, arguments = _meant(arguments)
        if remote.knows(name):
            return ToolCall(name=name, arguments=json_object(name, arguments))
        return as_call(name, arguments, self.devices())


def _meant(arguments: str) -> tuple[str, str]:
    """The tool that is to be called, and its arguments: models write them as an object, as JSON in
    a text, or beside the name."""
    given = json_object(CALL_TOOL, arguments)
    name = given.pop("name", None)
    if not isinstance(name, str) or not name:
        raise BadRequestError(f"{CALL_TOOL}: it lacks “name”, as find_tools told it.")
    inner = given.pop("arguments", given)
    if isinstance(inner, str):
        return name, inner
    return name, msgspec.json.encode(inner).decode()
