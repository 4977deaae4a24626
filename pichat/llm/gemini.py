"""Google's Gemini, by its own API: its OpenAI-compatible one loses the signatures of thoughts."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp
from yarl import URL

from pichat.config.types import CloudModel
from pichat.events import Image
from pichat.llm.base import Call, LlmEvent, Message, Request, ToolSpec
from pichat.llm.gemini_answer import GeminiReader
from pichat.llm.gemini_schema import gemini_schema
from pichat.llm.http import Patience, Server, base_url, below
from pichat.llm.listing import Offered
from pichat.llm.place import arguments_of, placed

_URL = "https://generativelanguage.googleapis.com/v1beta"
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def create(
    name: str, config: CloudModel, http: aiohttp.ClientSession, patience: Patience | None = None
) -> Gemini:
    """Raises ConfigError."""
    return Gemini(name, config, http, patience)


class Gemini:
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
        self._base = base if base.path.strip("/") else below(base, "v1beta")
        key = config.api_key.value.strip()
        headers = {"x-goog-api-key": key} if key else {}
        self._server = Server(http, name, headers | config.headers, config.api_key, patience)

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        model = request.model or self.model
        url = self._url(model)
        body = self._body(request)
        answer = self._server.stream(url, model, body, GeminiReader)
        async with aclosing(answer) as events:
            async for event in events:
                yield event

    async def probe(self) -> None:
        """See Probing."""
        models = below(self._base, "models").update_query(pageSize=1)
        await self._server.probe(models, self.model)

    async def offered(self) -> tuple[Offered, ...]:
        """See Listing."""
        url = below(self._base, "models").update_query(pageSize=1000)
        return await self._server.offered(url, self.model)

    def _url(self, model: str) -> URL:
        path = model if "/" in model else f"models/{model}"  # tuned models have a path of their own
        return below(self._base, f"{path}:streamGenerateContent").update_query(alt="sse")

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {}
        if request.system:
            body["systemInstruction"] = {"parts": [{"text": request.system}]}
        if request.tools:
            body["tools"] = [{"functionDeclarations": [_function(tool) for tool in request.tools]}]
            mode = _MODES[request.tool_choice]
            body["toolConfig"] = {"functionCallingConfig": {"mode": mode}}
        body["contents"] = self._contents(placed(request))
        wanted = request.parameters
        chosen = {
            "temperature": wanted.temperature,
            "topP": wanted.top_p,
            "maxOutputTokens": wanted.max_tokens,
            "seed": wanted.seed,
            "stopSequences": list(wanted.stop) or None,
        }
        if generation := {key: value for key, value in chosen.items() if value is not None}:
            body["generationConfig"] = generation
        return body

    def _contents(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """Results of tools are a user's content, all those of one answer together."""
        contents: list[dict[str, Any]] = []
        given_ids: dict[str, str] = {}
        results: list[dict[str, Any]] | None = None
        for message in messages:
            if message.role != "tool":
                results = None
                ours = message.extra_of == self.name
                given_ids |= {call.id: call.extra["id"] for call in message.calls
                              if ours and "id" in call.extra}  # fmt: skip
                role = "user" if message.role == "user" else "model"
                if parts := _parts(message, ours=ours):  # one without parts is refused
                    contents.append({"role": role, "parts": parts})
                continue
            if results is None:
                results = []
                contents.append({"role": "user", "parts": results})
            results.append({"functionResponse": _response(message, given_ids)})
            results += map(_picture, message.images)
        return contents


def _parts(message: Message, *, ours: bool) -> list[dict[str, Any]]:
    """`ours`: what Gemini said beside the text and the calls goes back with them."""
    extra = message.extra if ours else {}
    parts: list[dict[str, Any]] = list(extra.get("parts", ()))
    parts += map(_picture, message.images)
    of_text = extra.get("text", {})
    if message.text or of_text:
        parts.append({**of_text, "text": message.text})
    parts += [_call(call, call.extra if ours else {}) for call in message.calls]
    return parts


def _picture(image: Image) -> dict[str, Any]:
    data = base64.b64encode(image.data).decode()
    return {"inlineData": {"mimeType": image.media_type, "data": data}}


def _call(call: Call, extra: dict[str, Any]) -> dict[str, Any]:
    function: dict[str, Any] = {"name": call.name, "args": arguments_of(call)}
    if "id" in extra:
        function["id"] = extra["id"]
    return {**{key: value for key, value in extra.items() if key != "id"}, "functionCall": function}


def _response(message: Message, given_ids: dict[str, str]) -> dict[str, Any]:
    response: dict[str, Any] = {"name": message.name, "response": {"result": message.text}}
    if message.call_id in given_ids:
        response["id"] = given_ids[message.call_id]
    return response


def _function(tool: ToolSpec) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "description": tool.description}
    schema = gemini_schema(tool.parameters)
    if schema.get("properties"):  # an object without any is refused
        function["parameters"] = schema
    return function
