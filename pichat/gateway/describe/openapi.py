"""The HTTP side as OpenAPI 3.1, from the routes that are registered."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from pichat import __version__
from pichat.gateway.describe.fields import FieldView, fields_of
from pichat.gateway.describe.model import (
    errors_told,
    example_of,
    parts_of_result,
    route_errors,
)
from pichat.gateway.describe.schema import Schema, components
from pichat.gateway.failures import OPENAI
from pichat.gateway.routes import Route, load_routes

_REFS = "#/components/schemas/{name}"
_PATH_FIELD = re.compile(r"\{([^}:]+)(?::[^}]*)?\}")
_BODIES = ("POST", "PUT", "PATCH")
_DESCRIPTION = (
    "The REST side of PiChat. Everything that it says as it happens goes over the WebSocket at"
    " `/ws/chat`, which `/protocol.json` and `pichat protocol` describe. Each operation needs a"
    " scope (`x-needs`): guest, agent, screen, admin; each may do what those below it may."
)
_PLAIN: dict[str, tuple[str, str, str]] = {
    "/health": (
        "Tell how each part is.",
        "application/json",
        "The status `ok`, `degraded` or `failed` (which is 503), and each part with its reason.",
    ),
    "/metrics": ("Count what happens.", "text/plain", "Metrics in the text form of Prometheus."),
}


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """`error` is a sentence for people, `code` for programs."""

    error: str
    code: str


class OpenAiError(msgspec.Struct, frozen=True, kw_only=True):
    """As OpenAI's clients know it."""

    message: str
    type: str
    code: str
    param: str | None


class OpenAiErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    error: OpenAiError


@cache
def openapi_json() -> bytes:
    """`/openapi.json`."""
    return msgspec.json.encode(openapi())


def openapi() -> Schema:
    """The whole document. Takes a moment."""
    routes = sorted(load_routes(), key=lambda each: (each.path, each.method))
    json_kinds = [kind for each in routes for kind in parts_of_result(each).get("json", ())]
    kinds = [ErrorBody, OpenAiErrorBody, *(each.payload for each in routes), *json_kinds]
    schemas, found = components(kinds, _REFS)
    by_kind = dict(zip(map(id, kinds), schemas, strict=True))
    paths: dict[str, Schema] = {path: {"get": _plain(path)} for path in _PLAIN}
    for each in routes:
        operation = _operation(each, found, by_kind)
        paths.setdefault(_PATH_FIELD.sub(r"{\1}", each.path), {})[each.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "PiChat", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": found,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(found: Route, schemas: dict[str, Schema], by_kind: dict[int, Schema]) -> Schema:
    in_path = set(_PATH_FIELD.findall(found.path))
    name = by_kind[id(found.payload)]["$ref"].rpartition("/")[2]
    fields = fields_of(found.payload)
    operation: Schema = {
        "operationId": _operation_id(found),
        "summary": _first_sentence(found.description),
        "description": " ".join(found.description.split()),
        "tags": [_tag(found.path)],
        "x-needs": found.needs,
    }
    if found.needs == "anyone":
        operation["security"] = []
    with_body = found.method in _BODIES and not found.raw_body
    shown = [each for each in fields if each.name in in_path or not with_body]
    if shown:
        examples = example_of(found)
        operation["parameters"] = [
            _parameter(each, schemas[name], in_path, examples.get(each.name)) for each in shown
        ]
    if found.raw_body:
        binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
        operation["requestBody"] = {"required": True, "content": {"*/*": binary}}
    elif with_body and len(fields) > len(shown):
        operation["requestBody"] = _body(found, schemas[name], in_path)
    operation["responses"] = {**_replies(found, by_kind), **dict(_failures(found))}
    return operation


def _operation_id(found: Route) -> str:
    words = re.findall(r"\w+", _PATH_FIELD.sub(r"\1", found.path))
    slash = ["slash"] if found.path.endswith("/") else []
    return "_".join([found.method.lower(), *words, *slash])


def _tag(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if len(parts) > 1 and parts[0] in ("api", "v1") else parts[0]


def _first_sentence(text: str) -> str:
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _parameter(told: FieldView, schema: Schema, in_path: set[str], example: Any) -> Schema:
    where = "path" if told.name in in_path else "query"
    parameter: Schema = {
        "name": told.name,
        "in": where,
        "required": where == "path" or told.required,
        "schema": schema["properties"][told.name],
    }
    if told.meaning:
        parameter["description"] = told.meaning
    if example is not None:
        parameter["example"] = example
    return parameter


def _body(found: Route, schema: Schema, in_path: set[str]) -> Schema:
    """The payload without what stands in the path."""
    required = [each for each in schema.get("required", ()) if each not in in_path]
    example = {key: value for key, value in example_of(found).items() if key not in in_path}
    kept = {key: value for key, value in schema["properties"].items() if key not in in_path}
    whole = {**schema, "properties": kept, "required": required}
    return {
        "required": bool(required),
        "content": {"application/json": {"schema": whole, "example": example}},
    }


def _replies(found: Route, by_kind: dict[int, Schema]) -> dict[str, Schema]:
    content: dict[str, Schema] = {}
    parts = parts_of_result(found)
    if kinds := parts.get("json"):
        each = [by_kind[id(kind)] for kind in kinds]
        content["application/json"] = {"schema": each[0] if len(each) == 1 else {"anyOf": each}}
    if "file" in parts:
        content["*/*"] = {"schema": {"type": "string", "contentEncoding": "binary"}}
    if "events" in parts:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    return {str(found.status): {"description": "It went well.", "content": content}}


def _failures(found: Route) -> Iterator[tuple[str, Schema]]:
    """One for each status, with the errors that have it."""
    told = {each.code: each for each in errors_told()}
    mine = [told[code] for code in route_errors(found)]
    form = OpenAiErrorBody if found.path.startswith(OPENAI) else ErrorBody
    body = {"application/json": {"schema": {"$ref": _REFS.format(name=form.__name__)}}}
    for status in sorted({each.status for each in mine}):
        told_here = [each for each in mine if each.status == status]
        meaning = " ".join(f"`{each.code}`: {each.description}" for each in told_here)
        yield str(status), {"description": meaning, "content": body}


def _plain(path: str) -> Schema:
    """What is served beside the registered routes."""
    summary, media_type, meaning = _PLAIN[path]
    body = {media_type: {"schema": {"type": "string"} if media_type == "text/plain" else {}}}
    operation: Schema = {
        "operationId": f"get_{path.strip('/')}",
        "summary": summary,
        "tags": ["system"],
        "responses": {"200": {"description": meaning, "content": body}},
    }
    if path == "/health":
        operation["responses"]["503"] = {"description": "A part has failed.", "content": body}
        operation["security"] = []
    return operation
