"""The events of a streamed message of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from pichat.llm.base import CallDelta, Ended, EndReason, LlmEvent, TextDelta, Usage
from pichat.llm.failures import Asked, Told, failure, told

_REASONS: Final[dict[str, EndReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refused",
}
_KNOWN_OF_CALL = {"type", "id", "name", "input"}


class _Delta(msgspec.Struct, gc=False):
    """What a block or the message grows by; each kind has one of these fields."""

    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage | None = None


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    delta: _Delta | None = None
    content_block: dict[str, Any] | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Event).decode


class AnthropicReader:
    """See http.Reader. The answer is a list of blocks: texts, tool calls, and others, which have to
    come back unchanged and in their places (thinking with its signature, for one)."""

    def __init__(self, asked: Asked) -> None:
        self.done = False
        self._asked = asked
        self._reason: EndReason | None = None
        self._calls: dict[int, _Call] = {}  # by the block's index
        self._others: dict[int, dict[str, Any]] = {}
        self._usage: dict[str, int] = {}

    def read(self, data: bytes) -> Iterable[LlmEvent]:
        event = _decode(data)
        if event.type == "content_block_delta" and event.delta is not None:
            return self._grow(event.index, event.delta)
        return self._read_other(event)

    def ended(self) -> Ended | None:
        if self._reason is None:
            return None
        blocks = [
            {"at": index, "block": block}
            for index, block in sorted(self._others.items())
            # Unsigned, it was cut off, and would not be taken back.
            if block.get("type") != "thinking" or block.get("signature")
        ]
        return Ended(reason=self._reason, extra={"blocks": blocks} if blocks else {})

    def _read_other(self, event: _Event) -> Iterator[LlmEvent]:
        match event.type:
            case "message_start" if event.message is not None and event.message.usage is not None:
                yield self._count(event.message.usage)
            case "content_block_start" if event.content_block is not None:
                yield from self._begin(event.index, event.content_block)
            case "content_block_stop":
                yield from self._stop(event.index)
            case "message_delta":
                if event.delta is not None and event.delta.stop_reason:
                    self._reason = _REASONS.get(event.delta.stop_reason, "stop")
                if event.usage is not None:
                    yield self._count(event.usage)
            case "message_stop":
                self.done = True
            case "error":
                raise failure(self._asked, None, told({"error": event.error}) or Told(), {})

    def _begin(self, index: int, block: dict[str, Any]) -> Iterator[LlmEvent]:
        match block:
            case {"type": "text"}:
                if isinstance(text := block.get("text"), str) and text:
                    yield TextDelta(text=text)
            case {"type": "tool_use", "id": str(call_id), "name": str(name)}:
                call = self._calls[index] = _Call(number=len(self._calls))
                given = block.get("input")
                arguments = msgspec.json.encode(given).decode() if given else ""
                call.begun = bool(arguments)
                extra = {key: value for key, value in block.items() if key not in _KNOWN_OF_CALL}
                yield CallDelta(
                    index=call.number, id=call_id, name=name, arguments=arguments, extra=extra
                )
            case _:
                self._others[index] = dict(block)

    def _grow(self, index: int, delta: _Delta) -> tuple[LlmEvent, ...]:
        if other := self._others.get(index):
            for field in ("text", "thinking", "signature", "partial_json"):
                if piece := getattr(delta, field):
                    other[field] = other.get(field, "") + piece
        elif delta.text:
            return (TextDelta(text=delta.text),)
        elif delta.partial_json and (call := self._calls.get(index)):
            call.begun = True
            return (CallDelta(index=call.number, arguments=delta.partial_json),)
        return ()

    def _stop(self, index: int) -> Iterator[LlmEvent]:
        call = self._calls.get(index)
        if call is not None and not call.begun:
            yield CallDelta(index=call.number, arguments="{}")
        other = self._others.get(index, {})
        if written := other.pop("partial_json", ""):
            other["input"] = msgspec.json.decode(written)

    def _count(self, usage: _Usage) -> Usage:
        """The counts are totals; those that a later event leaves away stay as they were."""
        now = msgspec.structs.asdict(usage)
        self._usage |= {name: count for name, count in now.items() if count is not None}
        cached = self._usage.get("cache_read_input_tokens", 0)
        written = self._usage.get("cache_creation_input_tokens", 0)
        return Usage(
            input_tokens=self._usage.get("input_tokens", 0) + cached + written,
            output_tokens=self._usage.get("output_tokens", 0),
            cached_tokens=cached,
        )


class _Call(msgspec.Struct):
    """`begun`: some of its arguments have come."""

    number: int
    begun: bool = False
