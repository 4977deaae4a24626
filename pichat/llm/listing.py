"""What a provider says of the models that it has, whichever API it speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec

from pichat.llm.failures import Asked
from pichat.llm.network import nonsense

MOST_OFFERED = 500
_CONTEXT = (
    "context_length",  # OpenRouter
    "context_window",
    "max_context_length",  # Mistral
    "max_model_len",  # vLLM
    "max_input_tokens",  # Anthropic
    "inputTokenLimit",  # Gemini
    "n_ctx_train",  # llama-server, under `meta`
)
# OpenAI's list has no word on what a model is for.
_NO_CHAT = re.compile(
    r"embed|whisper|transcribe|\btts\b|dall-e|image|moderation|realtime|rerank|davinci|babbage|sora",
    re.IGNORECASE,
)


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A model, as far as its provider tells. `input_modalities`: such as text and image."""

    id: str
    name: str
    context_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    tools: bool | None = None


@runtime_checkable
class Listing(Protocol):
    """A provider that can tell its models."""

    async def offered(self) -> tuple[Offered, ...]:
        """Those that can be talked to. Raises the errors of errors.py, and UnsupportedError when
        it tells none."""
        ...


def read_offered(body: bytes, asked: Asked) -> tuple[Offered, ...]:
    """The list in an answer, in any of the forms that servers give it. Raises ModelFailedError when
    it is none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise nonsense(asked) from error
    entries = found.get("data", found.get("models")) if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise nonsense(asked)
    offered = {each.id: each for each in _read(entries)}
    return tuple(sorted(offered.values(), key=lambda each: each.id))[:MOST_OFFERED]


def _read(entries: list[Any]) -> Iterator[Offered]:
    for entry in entries:
        if not isinstance(entry, dict) or not _talks(entry):
            continue
        model = _text(entry, "id") or _text(entry, "name").removeprefix("models/")
        if not model or len(model) > 200 or _NO_CHAT.search(model):
            continue
        name = _text(entry, "display_name", "displayName") or _text(entry, "name")
        yield Offered(
            id=model,
            name=name if name and not name.startswith("models/") else model,
            context_tokens=_context(entry),
            input_modalities=_modalities(entry),
            tools=_tools(entry),
        )


def _talks(entry: Mapping[str, Any]) -> bool:
    methods = entry.get("supportedGenerationMethods")
    if isinstance(methods, list) and "generateContent" not in methods:
        return False
    outputs = _within(entry, "architecture").get("output_modalities")
    if isinstance(outputs, list) and "text" not in outputs:
        return False
    return _within(entry, "capabilities").get("completion_chat") is not False


def _context(entry: Mapping[str, Any]) -> int | None:
    for place in (entry, _within(entry, "meta")):
        for name in _CONTEXT:
            value = place.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None


def _modalities(entry: Mapping[str, Any]) -> tuple[str, ...] | None:
    told = _within(entry, "architecture").get("input_modalities")
    if isinstance(told, list):
        return tuple(str(each)[:32] for each in told[:8])
    sees = _capable(entry, "vision", "image_input", "multimodal")
    return None if sees is None else ("text", "image") if sees else ("text",)


def _tools(entry: Mapping[str, Any]) -> bool | None:
    parameters = entry.get("supported_parameters")
    if isinstance(parameters, list):
        return "tools" in parameters
    return _capable(entry, "function_calling", "tools", "tool_use")


def _capable(entry: Mapping[str, Any], *names: str) -> bool | None:
    """Whether one of the capabilities is there: words in a list, or words that are true."""
    told = entry.get("capabilities")
    if isinstance(told, list):
        return any(name in told for name in names)
    for name in names:
        value = _within(entry, "capabilities").get(name)
        if isinstance(value, dict):
            value = value.get("supported")
        if isinstance(value, bool):
            return value
    return None


def _within(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _text(entry: Mapping[str, Any], *names: str) -> str:
    return next((value for name in names if isinstance(value := entry.get(name), str)), "")
