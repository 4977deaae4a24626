"""OpenAI's chat completions, which most others speak as well: OpenRouter, Azure, Ollama, vLLM,
llama-server, and another PiChat."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import aiohttp
from yarl import URL

from pichat.config.types import CloudModel
from pichat.errors import UnsupportedError
from pichat.events import Image
from pichat.llm.base import LlmEvent, Message, Request, ToolSpec
from pichat.llm.failures import RequestRefusedError, Told
from pichat.llm.http import Patience, Server, base_url, below
from pichat.llm.listing import Offered
from pichat.llm.openai_answer import OpenAiReader
from pichat.llm.openai_images import drawing, drawn
from pichat.llm.place import placed

URL_OF_OPENAI = "https://api.openai.com/v1"
_AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
# A limit has two names: newer models of OpenAI's refuse the old one, others do not know the new.
_LIMITS = ("max_tokens", "max_completion_tokens")
# What a model may refuse and an answer can do without.
_OPTIONAL = (*_LIMITS, "temperature", "top_p", "seed", "stop", "stream_options", "response_format")
_OF_TOOLS = "[The pictures that the tools gave, from outside the house.]"
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unrecognized|unknown|extra_forbidden|extra inputs|not permitted"
    r"|not allowed|additional propert",
    re.IGNORECASE,
)


def create(
    name: str, config: CloudModel, http: aiohttp.ClientSession, patience: Patience | None = None
) -> OpenAi:
    """Raises ConfigError."""
    return OpenAi(name, config, http, patience)


class Api:
    """Where a server of this API takes its questions, and how it knows who asks."""

    def __init__(self, name: str, config: CloudModel) -> None:
        self._version = config.api_version
        self._base = _with_path(base_url(name, config.url or URL_OF_OPENAI), self._version)
        key = config.api_key.value.strip()
        self.headers: dict[str, str] = {}
        if key:
            by_version = {"api-key": key} if self._version else None
            self.headers = by_version or {"Authorization": f"Bearer {key}"}
        self.headers |= config.headers

    @property
    def is_openais(self) -> bool:
        """OpenAI's own models, at OpenAI or at Azure."""
        host = self._base.host or ""
        return host == "api.openai.com" or host.endswith(_AZURE) or self._version is not None

    @property
    def has_deployments(self) -> bool:
        """Azure's: its models are asked by names that their owner gave them."""
        return self._version is not None or (self._base.host or "").endswith(_AZURE)

    @property
    def models(self) -> URL:
        """The list of them, which has no deployment in its path."""
        url = below(self._base, "models")
        return url if self._version is None else url.update_query({"api-version": self._version})

    def url(self, model: str, *path: str) -> URL:
        if self._version is None:
            return below(self._base, *path)
        base = self._base
        if base.parts[-1:] != ("v1",):  # the classic form, where the model is in the path
            base = below(base, "deployments", model)
        return below(base, *path).update_query({"api-version": self._version})


def _with_path(base: URL, version: str | None) -> URL:
    """The usual path where the config names only a host."""
    if base.path.strip("/"):
        path = base.path.rstrip("/")
    elif version is not None:
        path = "/openai"
    else:
        path = "/openai/v1" if (base.host or "").endswith(_AZURE) else "/v1"
    return base.with_path(path).with_query(base.query)


class OpenAi:
    """See base.Provider, resting.Probing, listing.Listing and images.ImageMaker."""

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
        self.image_model = config.image_model
        self._api = Api(name, config)
        self._server = Server(http, name, self._api.headers, config.api_key, patience)
        self._refused: dict[str, set[str]] = {}  # what a model does not take

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        model = request.model or self.model
        url = self._api.url(model, "chat", "completions")
        refused = self._refused.setdefault(model, set())
        given = False
        while True:
            body = self._body(request, model, refused)
            answer = self._server.stream(url, model, body, OpenAiReader)
            try:
                async with aclosing(answer) as events:
                    async for event in events:
                        given = True
                        yield event
            except RequestRefusedError as error:
                field = _refused_field(error.told, _can_be_left(request, body, self.name))
                if given or field is None:
                    raise
                refused.add(field)
            else:
                return

    async def probe(self) -> None:
        """See Probing."""
        await self._server.probe(self._api.models, self.model)

    async def offered(self) -> tuple[Offered, ...]:
        """See Listing."""
        if self._api.has_deployments:
            raise UnsupportedError(f"{self.name} does not tell which deployments it has.")
        url = self._api.models
        return await self._server.offered(url, self.model)

    async def draw(self, prompt: str, size: str | None) -> Image:
        model = self.image_model
        if model is None:
            raise UnsupportedError(f"{self.name} cannot draw: it has no image_model in the config.")
        url = self._api.url(model, "images", "generations")
        refused = self._refused.setdefault(model, set())
        while True:
            body = drawing(model, prompt, size)
            body = {key: value for key, value in body.items() if key not in refused}
            try:
                return await drawn(self._server, url, model, body)
            except RequestRefusedError as error:
                field = _refused_field(error.told, [each for each in _OPTIONAL if each in body])
                if field is None:
                    raise
                refused.add(field)

    def _body(self, request: Request, model: str, refused: set[str]) -> dict[str, Any]:
        messages = [self._message(message, refused) for message in _pictures_apart(placed(request))]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        body: dict[str, Any] = {"model": model, "messages": messages}
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
            if request.tool_choice != "auto":
                body["tool_choice"] = request.tool_choice
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        wanted = request.parameters
        limits = reversed(_LIMITS) if self._api.is_openais else _LIMITS
        limit = next((name for name in limits if name not in refused), None)
        chosen = {
            limit: wanted.max_tokens,
            "temperature": wanted.temperature,
            "top_p": wanted.top_p,
            "seed": wanted.seed,
            "stop": list(wanted.stop) or None,
        }
        body |= {key: value for key, value in chosen.items() if key and value is not None}
        return {key: value for key, value in body.items() if key not in refused}

    def _message(self, message: Message, refused: set[str]) -> dict[str, Any]:
        if message.role == "tool":
            return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
        if message.role == "user":
            return {"role": "user", "content": _content(message)}
        ours = message.extra_of == self.name
        extra = message.extra if ours else {}
        said = {key: value for key, value in extra.items() if key not in refused}
        said |= {"role": "assistant", "content": message.text}
        if message.calls:
            said["tool_calls"] = [
                _call(call.id, call.name, call.arguments, call.extra if ours else {})
                for call in message.calls
            ]
        return said


def _pictures_apart(messages: Sequence[Message]) -> Iterator[Message]:
    """A tool's result has no place for pictures here: they follow the last of the results."""
    waiting: list[Image] = []
    for message in messages:
        if waiting and message.role != "tool":
            yield Message(role="user", text=_OF_TOOLS, images=tuple(waiting))
            waiting = []
        yield message
        waiting += message.images if message.role == "tool" else ()
    if waiting:
        yield Message(role="user", text=_OF_TOOLS, images=tuple(waiting))


def _can_be_left(request: Request, body: Mapping[str, Any], ours: str) -> list[str]:
    """The fields of a request without which it can be asked as well. Some servers do not take back
    what they said themselves beside a text."""
    said = {key for each in request.messages if each.extra_of == ours for key in each.extra}
    return [*(field for field in _OPTIONAL if field in body), *sorted(said)]


def _refused_field(told: Told, fields: Sequence[str]) -> str | None:
    """The one of `fields` that a server said it does not take, if that is what it said."""
    said = " ".join((told.message, *told.kinds))
    if not _UNSUPPORTED.search(said):
        return None
    if told.parameter and not told.parameter.startswith("messages"):
        return told.parameter if told.parameter in fields else None
    return next((field for field in fields if re.search(rf"\b{re.escape(field)}\b", said)), None)


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.images:
        return message.text
    pictures = [
        {"type": "image_url", "image_url": {"url": _data_url(image)}} for image in message.images
    ]
    return [{"type": "text", "text": message.text}, *pictures]


def _data_url(image: Image) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"


def _call(call_id: str, name: str, arguments: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    function = {**extra.get("function", {}), "name": name, "arguments": arguments}
    return {**extra, "id": call_id, "type": "function", "function": function}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}
