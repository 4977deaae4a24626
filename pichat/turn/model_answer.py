"""One answer of a model, put together from its pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pichat.events import Tokens
from pichat.llm.base import Call, CallDelta, Ended, EndReason, LlmEvent, TextDelta, Usage


@dataclass(slots=True)
class _Pieces:
    """Of one call."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def take(self, piece: CallDelta) -> None:
        self.id = self.id or piece.id
        self.name = self.name or piece.name
        self.arguments.append(piece.arguments)
        self.extra |= piece.extra


@dataclass(slots=True)
class ModelAnswer:
    """`reason` and `extra` are known once it has ended."""

    usage: Usage = field(default_factory=Usage)
    reason: EndReason | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    _calls: dict[int, _Pieces] = field(default_factory=dict)

    def take(self, event: LlmEvent) -> str:
        """The words of the event, if it has any; the rest is kept."""
        match event:
            case TextDelta(text=text):
                return text
            case CallDelta(index=index):
                self._calls.setdefault(index, _Pieces()).take(event)
            case Usage():
                self.usage = event
            case Ended(reason=reason, extra=extra):
                self.reason, self.extra = reason, extra
        return ""

    def calls(self) -> tuple[Call, ...]:
        """In the model's order. Each has an id of its own, whatever the provider gave."""
        found: dict[str, Call] = {}
        for _, pieces in sorted(self._calls.items()):
            fresh = pieces.id and pieces.id not in found
            # Nine letters and digits are what the pickiest of the chat templates takes.
            call_id = pieces.id if fresh else uuid4().hex[:9]
            found[call_id] = Call(
                id=call_id,
                name=pieces.name,
                arguments="".join(pieces.arguments),
                extra=pieces.extra,
            )
        return tuple(found.values())


def tokens_of(usages: Sequence[Usage]) -> Tokens | None:
    """What several answers took together; None where nobody counted."""
    counted = [usage for usage in usages if usage != Usage()]
    if not counted:
        return None
    costs = [usage.cost_usd for usage in counted if usage.cost_usd is not None]
    return Tokens(
        input=sum(usage.input_tokens for usage in counted),
        output=sum(usage.output_tokens for usage in counted),
        cached=sum(usage.cached_tokens for usage in counted),
        cost_usd=sum(costs) if costs else None,
    )
