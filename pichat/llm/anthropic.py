"""Anthropic's own Messages API."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp

from pichat.config.types import CloudModel
from pichat.events import Image
from pichat.llm.anthropic_answer import AnthropicReader
from pichat.llm.base import Call, LlmEvent, Message, Request, ToolSpec
from pichat.llm.http import Patience, Server, base_url, below
from pichat.llm.listing import Offered
from pichat.llm.place import arguments_of, placed

_URL = "https://api.anthropic.com"
_VERSION = "2023-06-01"
_MAX_TOKENS = 4096  # the API wants a limit; answers that are spoken are far shorter
_CACHED = {"cache_control": {"type": "ephemeral"}}
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


def create(
    name: str, config: CloudModel, http: aiohttp.ClientSession, patience: Patience | None = None
) -> Anthropic:
    """Raises ConfigError."""
    return Anthropic(name, config, http, patience)


class Anthropic:
    """See base.Provider, resting.Probing and listing.Listing."""

    def __init__(
        self,
        name: str,
        config: CloudModel,
        http: aiohttp.ClientSession,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.model = config.model
        self.cloud = config.cloud
        base = base_url(name, config.url or _URL)
        base = base if base.path.rstrip("/").endswith("/v1") else below(base, "v1")
        self._url = below(base, "messages")
        self._models = below(base, "models").update_query(limit=1)
        headers = {"anthropic-version": _VERSION}
        if key := config.api_key.value.strip():
            headers["x-api-key"] = key
        self._server = Server(http, name, headers | config.headers, config.api_key, patience)

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        model = request.model or self.model
        body = self._body(request, model)
        answer = self._server.stream(self._url, model, body, AnthropicReader)
        async with aclosing(answer) as events:
            async for event in events:
                yield event

    async def probe(self) -> None:
        """See Probing."""
        await self._server.probe(self._models, self.model)

    async def offered(self) -> tuple[Offered, ...]:
        """See Listing."""
        url = self._models.update_query(limit=1000)
        return await self._server.offered(url, self.model)

    def _body(self, request: Request, model: str) -> dict[str, Any]:
        wanted = request.parameters
        body: dict[str, Any] = {
            "model": model,
            "max_tokens": wanted.max_tokens or _MAX_TOKENS,
            "stream": True,
        }
        # Tools and system are the prefix that stays: read once, then from the provider's cache.
        if request.tools:
            tools = [_tool(tool) for tool in request.tools]
            tools[-1] |= _CACHED
            body["tools"] = tools
            body["tool_choice"] = {"type": _CHOICES[request.tool_choice]}
        if request.system:
            body["system"] = [{"type": "text", "text": request.system, **_CACHED}]
        body["messages"] = self._messages(placed(request))
        if wanted.temperature is not None:
            body["temperature"] = min(wanted.temperature, 1.0)  # its scale ends there
        elif wanted.top_p is not None:  # newer models refuse both together
            body["top_p"] = wanted.top_p
        if wanted.stop:
            body["stop_sequences"] = list(wanted.stop)
        return body

    def _messages(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Results of tools are a user's message, all those of one answer together."""
        result: list[dict[str, Any]] = []
        results: list[dict[str, Any]] | None = None
        for message in messages:
            if message.role != "tool":
                results = None
                content = self._content(message)
                if content:  # an empty one is refused
                    result.append({"role": message.role, "content": content})
                continue
            if results is None:
                results = []
                result.append({"role": "user", "content": results})
            results.append(
                {
                    "type": "tool_result",
                    "tool_use_id": message.call_id,
                    "content": _told(message),
                }
            )
        return result

    def _content(self, message: Message) -> list[dict[str, Any]]:
        ours = message.extra_of == self.name
        content = [_image(image) for image in message.images]
        if message.text.strip():
            content.append({"type": "text", "text": message.text})
        content += [_call(call, call.extra if ours else {}) for call in message.calls]
        for kept in message.extra.get("blocks", ()) if ours else ():
            content.insert(kept["at"], kept["block"])
        return content


def _told(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.text
    return [{"type": "text", "text": message.text}, *map(_image, message.images)]


def _call(call: Call, extra: dict[str, Any]) -> dict[str, Any]:
    return {
        **extra,
        "type": "tool_use",
        "id": call.id,
        "name": call.name,
        "input": arguments_of(call),
    }


def _image(image: Image) -> dict[str, Any]:
    data = base64.b64encode(image.data).decode()
    source = {"type": "base64", "media_type": image.media_type, "data": data}
    return {"type": "image", "source": source}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    }
