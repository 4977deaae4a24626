"""The house's tools as a model uses them in one turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pichat.events import Device, Source, ToolCall, ToolResult
from pichat.llm.base import Call, ToolSpec
from pichat.tools.base import Toolbox
from pichat.tools.specs import as_call, tool_specs


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolsOfTurn:
    """Implements acting.ModelTools. `allowed`: the profile's patterns of names, None for all;
    `behind`: who spoke to the model."""

    toolbox: Toolbox
    devices: Callable[[], Sequence[Device]]
    allowed: Sequence[str] | None
    turn_id: str
    conversation_id: str
    behind: Source = "voice"

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tool_specs(self.toolbox.tools, self.allowed, self.devices())

    async def run(self, call: Call, *, outside: bool) -> tuple[ToolCall, ToolResult]:
        """See ModelTools."""
        understood = as_call(call.name, call.arguments, self.devices())
        result = await self.toolbox.call(
            understood,
            source="model",
            turn_id=self.turn_id,
            conversation_id=self.conversation_id,
            outside=outside,
            allowed=self.allowed,
            behind=self.behind,
        )
        return understood, result
