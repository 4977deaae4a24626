"""The events of Gemini's streamGenerateContent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from pichat.llm.base import CallDelta, Ended, EndReason, LlmEvent, TextDelta, Usage
from pichat.llm.errors import ModelFailedError
from pichat.llm.failures import Asked, failure, told

_REASONS: Final[dict[str, EndReason]] = {"STOP": "stop", "MAX_TOKENS": "length"}
_BROKEN = {
    "MALFORMED_FUNCTION_CALL",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
    "MALFORMED_RESPONSE",
    "OTHER",
}


class _Content(msgspec.Struct):
    parts: list[dict[str, Any]] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    index: int = 0


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0


class _Chunk(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Usage | None = None
    error: Any = None


class _FunctionCall(msgspec.Struct):
    name: str
    id: str | None = None
    args: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode


class GeminiReader:
    """See http.Reader. The API has no end mark: an answer is over when its stream has ended and a
    reason was given."""

    def __init__(self, asked: Asked) -> None:
        self.done = False
        self._asked = asked
        self._reason: EndReason | None = None
        self._calls = 0
        self._of_text: dict[str, Any] = {}
        self._others: list[dict[str, Any]] = []

    def read(self, data: bytes) -> Iterable[LlmEvent]:
        chunk = _decode(data)
        if error := told({"error": chunk.error}):
            raise failure(self._asked, None, error, {})
        if chunk.prompt_feedback is not None and chunk.prompt_feedback.block_reason:
            self._reason = "refused"
        for candidate in chunk.candidates or ():
            if candidate.index == 0:
                yield from self._read(candidate)
        if chunk.usage_metadata is not None:
            yield _usage(chunk.usage_metadata)

    def ended(self) -> Ended | None:
        if self._reason is None:
            return None
        extra: dict[str, Any] = {}
        if self._of_text:
            extra["text"] = self._of_text
        if self._others:
            extra["parts"] = self._others
        reason = "tool_calls" if self._reason == "stop" and self._calls else self._reason
        return Ended(reason=reason, extra=extra)

    def _read(self, candidate: _Candidate) -> Iterator[LlmEvent]:
        if candidate.content is not None:
            for part in candidate.content.parts or ():
                yield from self._part(part)
        if candidate.finish_reason in _BROKEN:
            raise ModelFailedError(f"{self._asked.name} could not finish its answer.")
        if candidate.finish_reason:
            self._reason = _REASONS.get(candidate.finish_reason, "refused")

    def _part(self, part: dict[str, Any]) -> Iterator[LlmEvent]:
        if "functionCall" in part:
            yield self._call(part)
        elif not isinstance(text := part.get("text"), str):
            self._others.append(part)
        elif not part.get("thought"):  # a summary of what it thought is no part of its answer
            if len(part) > 1:
                self._of_text |= {key: value for key, value in part.items() if key != "text"}
            if text:
                yield TextDelta(text=text)

    def _call(self, part: dict[str, Any]) -> CallDelta:
        """A call comes whole. Its extra is all of the part but the call itself, and the id, which
        only newer models give."""
        call = msgspec.convert(part["functionCall"], _FunctionCall)
        extra = {key: value for key, value in part.items() if key != "functionCall"}
        if call.id:
            extra["id"] = call.id
        self._calls += 1
        return CallDelta(
            index=self._calls - 1,
            id=call.id or f"call_{uuid.uuid4().hex[:16]}",
            name=call.name,
            arguments=msgspec.json.encode(call.args or {}).decode(),
            extra=extra,
        )


def _usage(usage: _Usage) -> Usage:
    return Usage(
        input_tokens=usage.prompt_token_count,
        output_tokens=usage.candidates_token_count + usage.thoughts_token_count,
        cached_tokens=usage.cached_content_token_count,
    )
