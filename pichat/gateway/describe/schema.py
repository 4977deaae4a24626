"""The protocol as one JSON schema (2020-12): every frame that may go over the WebSocket, and the
types that they are made of."""

from functools import cache
from typing import Any, get_type_hints

import msgspec

from pichat.gateway import protocol
from pichat.gateway.describe.model import describe, errors_told
from pichat.gateway.feed import TOPICS
from pichat.gateway.registry import load_actions

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFS = "#/$defs/{name}"


def components(kinds: list[Any], refs: str) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """The schema of each type, and of every type within them by its name."""
    schemas, found = msgspec.json.schema_components(kinds, ref_template=refs)
    for each in found.values():
        if "description" in each:
            each["description"] = " ".join(each["description"].split())
    return schemas, found


def frames_schema() -> Schema:
    """`anyOf` is every frame; `$defs` has `request.NAME`, `reply.NAME` and `event.NAME`."""
    actions = sorted(load_actions().values(), key=lambda each: each.name)
    payloads, results = [each.payload for each in actions], [each.result for each in actions]
    chunk_replies = [protocol.ProcessingReply, protocol.ChunkReply, protocol.ErrorReply]
    kinds = [*payloads, *results, *TOPICS, *chunk_replies]
    schemas, found = components(kinds, REFS)
    takes, gives = schemas[: len(actions)], schemas[len(actions) : 2 * len(actions)]
    events = schemas[2 * len(actions) : 2 * len(actions) + len(TOPICS)]
    defs: dict[str, Schema] = {}
    for action, given, made in zip(actions, takes, gives, strict=True):
        defs[f"request.{action.name}"] = _request(action.name, given, action.payload)
        complete = _frame("complete", action.reply, made)
        defs[f"reply.{action.name}"] = {"anyOf": [complete, *_others(action.reply)]}
    for kind, schema in zip(TOPICS, events, strict=True):
        name = str(kind.__struct_config__.tag)
        defs[f"event.{name}"] = _frame("event", name, schema)
    found["ErrorPayload"]["properties"]["code"]["examples"] = [e.code for e in errors_told()]
    return {
        "$schema": DIALECT,
        "$id": f"urn:pichat:protocol:{describe().version}",
        "title": "The WebSocket protocol of PiChat",
        "anyOf": [{"$ref": REFS.format(name=name)} for name in defs],
        "$defs": {**defs, **found},
    }


def _request(name: str, payload: Schema, kind: type[msgspec.Struct]) -> Schema:
    must = ["action", "payload"] if _has_required(kind) else ["action"]
    return {
        "type": "object",
        "properties": {
            "action": {"const": name},
            "payload": payload if len(must) > 1 else {"anyOf": [payload, {"type": "null"}]},
            "request_id": {"type": ["string", "null"], "minLength": 1, "maxLength": 128},
        },
        "required": must,
    }


def _has_required(kind: type[msgspec.Struct]) -> bool:
    optional = kind.__struct_defaults__
    return len(get_type_hints(kind)) > len(optional) or msgspec.NODEFAULT in optional


def _frame(status: str, action: str, payload: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {
            "status": {"const": status},
            "request_id": {"type": "string"},
            "action": {"const": action},
            "payload": payload,
        },
        "required": ["status", "request_id", "action", "payload"],
    }


def _others(action: str) -> list[Schema]:
    """What may come before the `complete` of an action, or in its place."""
    named = {"properties": {"action": {"const": action}}}
    return [
        {"allOf": [{"$ref": REFS.format(name="ProcessingReply")}, named]},
        {"allOf": [{"$ref": REFS.format(name="ChunkReply")}, named]},
        {"$ref": REFS.format(name="ErrorReply")},
    ]


@cache
def protocol_json() -> bytes:
    """`/protocol.json`: the description, and its `schema`."""
    told = msgspec.to_builtins(describe())
    return msgspec.json.encode({**told, "schema": frames_schema()})
