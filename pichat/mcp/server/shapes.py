"""What is served, in the SDK's types."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
from mcp import types
from mcp.shared.exceptions import MCPError

from pichat.errors import BadRequestError, NotFoundError, PiChatError
from pichat.mcp.server.base import Done, ServedPrompt, ServedResource, ServedTool

JSON = "application/json"
PAGE = 200
CODE = "pichat/code"
"""In the `_meta` of a result: what failed, for programs."""
T = TypeVar("T")


def tool_of(served: ServedTool) -> types.Tool:
    hints = types.ToolAnnotations(
        title=served.title,
        read_only_hint=not served.changes,
        destructive_hint=served.destroys,
        idempotent_hint=served.again or not served.changes,
        open_world_hint=served.outside,
    )
    return types.Tool(
        name=served.name,
        title=served.title,
        description=served.description,
        input_schema=served.takes,
        output_schema=served.gives,
        annotations=hints,
    )


def result_of(done: Done) -> types.CallToolResult:
    content: list[Any] = [types.TextContent(text=done.text)]
    content += [
        types.ImageContent(data=base64.b64encode(each.data).decode(), mime_type=each.media_type)
        for each in done.pictures
    ]
    return types.CallToolResult(
        content=content,
        structured_content=done.value,
        is_error=done.failed,
        _meta={CODE: done.code} if done.code else None,
    )


def resource_of(served: ServedResource) -> types.Resource:
    return types.Resource(
        uri=served.uri,
        name=served.name,
        title=served.title,
        description=served.description,
        mime_type=JSON,
    )


def template_of(served: ServedResource) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        uri_template=served.uri,
        name=served.name,
        title=served.title,
        description=served.description,
        mime_type=JSON,
    )


def contents_of(uri: str, value: Any) -> types.ReadResourceResult:
    text = msgspec.json.encode(value).decode()
    return types.ReadResourceResult(
        contents=[types.TextResourceContents(uri=uri, mime_type=JSON, text=text)]
    )


def prompt_of(served: ServedPrompt) -> types.Prompt:
    return types.Prompt(
        name=served.name,
        title=served.title,
        description=served.description,
        arguments=[
            types.PromptArgument(
                name=each.name, description=each.description, required=each.required
            )
            for each in served.arguments
        ],
    )


def page_of(items: Sequence[T], cursor: str | None) -> tuple[Sequence[T], str | None]:
    """The page that begins at a cursor, and the next one's. Raises MCPError for a cursor that is
    none of ours."""
    begin = 0
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 9):
            raise MCPError(types.INVALID_PARAMS, "That cursor is none of ours.")
        begin = int(cursor)
    end = begin + PAGE
    return items[begin:end], str(end) if end < len(items) else None


def error_of(error: PiChatError) -> MCPError:
    """A request that cannot be answered, with the sentence."""
    fault = isinstance(error, NotFoundError | BadRequestError)
    code = types.INVALID_PARAMS if fault else types.INTERNAL_ERROR
    return MCPError(code, error.sentence, {"code": error.code, "retryable": error.retryable})
