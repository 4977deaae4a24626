"""The events of a streamed chat completion, from OpenAI and from all who speak its API."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec

from pichat.llm.base import CallDelta, Ended, EndReason, LlmEvent, TextDelta, Usage
from pichat.llm.errors import ModelFailedError
from pichat.llm.failures import Asked, failure, told
from pichat.llm.growing import grown

_REASONS: Final[dict[str, EndReason]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refused",
}
_KNOWN_OF_MESSAGE = {"role", "content", "tool_calls", "refusal", "function_call"}
_KNOWN_OF_CALL = {"index", "id", "type", "function"}
_KNOWN_OF_FUNCTION = {"name", "arguments"}
_Nothing = Annotated[list[Any], msgspec.Meta(max_length=0)] | None


class _Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A delta that is text and nothing else: most are, and reading them has to cost little."""

    content: str
    role: str | None = None
    refusal: None = None
    reasoning: None = None
    reasoning_content: None = None
    function_call: None = None
    tool_calls: _Nothing = None


class _TextChoice(msgspec.Struct, gc=False):
    delta: _Text
    finish_reason: None = None


class _TextChunk(msgspec.Struct, gc=False):
    choices: tuple[_TextChoice]
    usage: None = None
    error: None = None


class _Choice(msgspec.Struct):
    delta: dict[str, Any] | None = None
    finish_reason: str | None = None
    index: int = 0


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    """`cost` is OpenRouter's, in US dollars."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    cost: float | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


class _Piece(msgspec.Struct):
    """One of `tool_calls`. Not all servers number them, or name them."""

    index: int | None = None
    id: str | None = None
    function: dict[str, Any] | None = None


_decode_text = msgspec.json.Decoder(_TextChunk).decode
_decode_chunk = msgspec.json.Decoder(_Chunk).decode


class OpenAiReader:
    """See http.Reader."""

    def __init__(self, asked: Asked) -> None:
        self.done = False
        self._asked = asked
        self._reason: EndReason | None = None
        self._refused = False
        self._extra: dict[str, Any] = {}
        self._calls = _Calls()

    def read(self, data: bytes) -> Iterable[LlmEvent]:
        try:
            text = _decode_text(data).choices[0].delta.content
        except msgspec.ValidationError:
            if data.strip() != b"[DONE]":
                return self._read_any(data)
            self.done = True
            return ()
        return (TextDelta(text=text),) if text else ()

    def ended(self) -> Ended | None:
        if self._reason is None and not self.done:
            return None
        reason = self._reason or "stop"
        if self._refused:
            reason = "refused"
        elif reason == "stop" and self._calls.count:  # as after a tool_choice, or of some servers
            reason = "tool_calls"
        return Ended(reason=reason, extra=self._extra)

    def _read_any(self, data: bytes) -> Iterator[LlmEvent]:
        chunk = _decode_chunk(data)
        if error := told({"error": chunk.error}):
            raise failure(self._asked, None, error, {})
        for choice in chunk.choices or ():
            if choice.index:  # one answer was asked for
                continue
            yield from self._delta(choice.delta or {})
            if choice.finish_reason == "error":
                raise ModelFailedError(f"The answer of {self._asked.name} broke off.")
            if choice.finish_reason:
                self._reason = _REASONS.get(choice.finish_reason, "stop")
                yield from self._calls.without_arguments()
        if chunk.usage is not None:
            yield _usage(chunk.usage)

    def _delta(self, delta: dict[str, Any]) -> Iterator[LlmEvent]:
        if text := _text(delta.get("content")):
            yield TextDelta(text=text)
        if refusal := _text(delta.get("refusal")):
            self._refused = True
            yield TextDelta(text=refusal)
        if pieces := delta.get("tool_calls"):
            for piece in msgspec.convert(pieces, list[dict[str, Any]]):
                yield self._calls.delta(piece)
        unknown = _unknown(delta, _KNOWN_OF_MESSAGE)
        if unknown:
            self._extra = grown(self._extra, unknown)


class _Calls:
    """The tool calls so far, numbered in the order in which they began."""

    def __init__(self) -> None:
        self._ids: list[str] = []  # as the server gave them
        self._begun: list[bool] = []  # whether arguments have come
        self._newest: dict[int | None, int] = {}  # the server's number → ours

    @property
    def count(self) -> int:
        return len(self._ids)

    def delta(self, raw: dict[str, Any]) -> CallDelta:
        piece = msgspec.convert(raw, _Piece)
        function = piece.function or {}
        name, arguments = _text(function.get("name")), function.get("arguments")
        if not isinstance(arguments, str):
            arguments = "" if arguments is None else msgspec.json.encode(arguments).decode()
        extra = _unknown(raw, _KNOWN_OF_CALL)
        if of_function := _unknown(function, _KNOWN_OF_FUNCTION):
            extra["function"] = of_function
        number = self._newest.get(piece.index)
        if number is None or self._is_another(number, piece, name):
            number = self._newest[piece.index] = self.count
            self._ids.append(piece.id or "")
            self._begun.append(bool(arguments))
            call_id = piece.id or f"call_{uuid.uuid4().hex[:16]}"
            return CallDelta(index=number, id=call_id, name=name, arguments=arguments, extra=extra)
        self._begun[number] |= bool(arguments)
        return CallDelta(index=number, arguments=arguments, extra=extra)

    def _is_another(self, number: int, piece: _Piece, name: str) -> bool:
        """Some servers give every call of an answer the same number, or none."""
        if piece.id:
            return bool(name) and piece.id != self._ids[number]
        return piece.index is None and bool(name)

    def without_arguments(self) -> Iterator[CallDelta]:
        """Calls for which no arguments came have none; that is {} in JSON."""
        for number, begun in enumerate(self._begun):
            if not begun:
                self._begun[number] = True
                yield CallDelta(index=number, arguments="{}")


def _usage(usage: _Usage) -> Usage:
    details = usage.prompt_tokens_details or _InputDetails()
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        cached_tokens=details.cached_tokens or 0,
        cost_usd=usage.cost,
    )


def _unknown(found: dict[str, Any], known: set[str]) -> dict[str, Any]:
    return {
        key: value
        for key, value in found.items()
        if key not in known and value is not None and value != "" and value != []
    }


def _text(content: Any) -> str:
    """Text, or that of a list of parts, some of which may be something else."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""
