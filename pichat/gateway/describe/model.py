"""The protocol as one value: every envelope, action, event, route and error, read from what is
registered. It is built once, when somebody first asks."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, get_args

import msgspec

from pichat import __version__
from pichat.errors import PiChatError
from pichat.events import Event
from pichat.gateway import protocol
from pichat.gateway.context import Topic
from pichat.gateway.describe.contracts import contract_of
from pichat.gateway.describe.fields import (
    FieldView,
    description_of,
    fields_of,
    sample,
    structs_within,
)
from pichat.gateway.door.caller import Need
from pichat.gateway.failures import status_of_kind
from pichat.gateway.feed import TOPICS
from pichat.gateway.registry import Action, load_actions
from pichat.gateway.routes import Route, load_routes

_EVERY = frozenset({"bad_request", "internal", "too_large", "too_many_requests"})
_GUARDED = frozenset({"not_allowed", "unauthenticated"})
_WAITING = frozenset({"busy", "cancelled"})
_NOT_SENT = ("pichat.simulator", "pichat.models")  # errors of commands, which no client meets
_ENVELOPES: tuple[type[msgspec.Struct], ...] = (
    protocol.Request,
    protocol.ProcessingReply,
    protocol.ChunkReply,
    protocol.CompleteReply,
    protocol.EventReply,
    protocol.ErrorReply,
    protocol.ErrorPayload,
    protocol.Chunk,
)

Body = Literal["json", "file", "events"]

_CHUNKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": ("The kitchen", {}),
    "image": ("iVBORw0KGgo=", {"media_type": "image/png"}),
    "audio": ("AAAAAA==", {"format": "pcm_s16le", "sample_rate_hz": 22050, "channels": 1}),
    "tool": (
        {
            "name": "set_device_state",
            "arguments": {"target": {"devices": ["kitchen light"]}, "capability": "on_off"},
            "outcomes": [],
            "value": None,
        },
        {"duration_ms": 40.2},
    ),
}


class EnvelopeView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    status: str | None
    description: str
    fields: tuple[FieldView, ...]


class ActionView(msgspec.Struct, frozen=True, kw_only=True):
    """`processing`: whether that comes first; `chunks`: the types of those that follow. `errors`:
    codes. The frames are as they go over the wire."""

    name: str
    needs: Need
    reply: str
    description: str
    fields: tuple[FieldView, ...]
    result: tuple[FieldView, ...]
    processing: bool
    chunks: tuple[str, ...]
    errors: tuple[str, ...]
    about_fields: str
    about_result: str
    request_frames: tuple[dict[str, Any], ...]
    reply_frames: tuple[dict[str, Any], ...]


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    topic: Topic
    description: str
    fields: tuple[FieldView, ...]
    frame: dict[str, Any]


class ErrorView(msgspec.Struct, frozen=True, kw_only=True):
    """`status`: over HTTP."""

    code: str
    retryable: bool
    status: int
    description: str


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """`body`: what a reply is, where it is no error."""

    method: str
    path: str
    needs: Need
    description: str
    fields: tuple[FieldView, ...]
    result: tuple[FieldView, ...]
    body: tuple[Body, ...]
    status: int
    errors: tuple[str, ...]
    example: dict[str, Any]


class TypeView(msgspec.Struct, frozen=True, kw_only=True):
    """What fields are made of that are more than one value."""

    name: str
    description: str
    fields: tuple[FieldView, ...]


class ProtocolView(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    envelopes: tuple[EnvelopeView, ...]
    actions: tuple[ActionView, ...]
    topics: tuple[Topic, ...]
    events: tuple[EventView, ...]
    routes: tuple[RouteView, ...]
    types: tuple[TypeView, ...]
    errors: tuple[ErrorView, ...]


@cache
def describe() -> ProtocolView:
    """All of it. Takes a moment the first time."""
    actions = load_actions()
    routes = load_routes()
    return ProtocolView(
        version=__version__,
        envelopes=tuple(map(_envelope, _ENVELOPES)),
        actions=tuple(_action(actions[name]) for name in sorted(actions)),
        topics=get_args(Topic),
        events=tuple(_event(kind, topic) for kind, topic in TOPICS.items()),
        routes=tuple(view_of(each) for each in sorted(routes, key=lambda each: each.path)),
        types=_types(actions.values(), routes),
        errors=errors_told(),
    )


def _types(actions: Iterable[Action], routes: Iterable[Route]) -> tuple[TypeView, ...]:
    shown: list[Any] = [*TOPICS]
    for action in actions:
        shown += [action.payload, action.result]
    for route in routes:
        shown += [route.payload, *parts_of_result(route).get("json", ())]
    within = sorted(structs_within(shown), key=lambda each: each.__name__)
    return tuple(
        TypeView(name=each.__name__, description=description_of(each), fields=fields_of(each))
        for each in within
    )


def _envelope(kind: type[msgspec.Struct]) -> EnvelopeView:
    tag = kind.__struct_config__.tag
    return EnvelopeView(
        name=kind.__name__,
        status=None if tag is None else str(tag),
        description=description_of(kind),
        fields=fields_of(kind),
    )


# --- actions -------------------------------------------------------------------------------


def _action(found: Action) -> ActionView:
    contract = contract_of(found.handler)
    return ActionView(
        name=found.name,
        needs=found.needs,
        reply=found.reply,
        description=" ".join(found.description.split()),
        fields=fields_of(found.payload),
        result=fields_of(found.result),
        processing=contract.begins,
        chunks=contract.chunks,
        errors=errors_of(found),
        about_fields=description_of(found.payload),
        about_result=description_of(found.result),
        request_frames=({"action": found.name, "payload": found.example, "request_id": "1"},),
        reply_frames=_reply_frames(found, contract.begins, contract.chunks),
    )


def errors_of(found: Action) -> tuple[str, ...]:
    """The codes of every error that an action may reply with."""
    codes = _EVERY | contract_of(found.handler).errors
    codes |= _GUARDED if found.needs != "anyone" else frozenset()
    return tuple(sorted(codes | (_WAITING if found.waits else frozenset())))


def _reply_frames(
    found: Action, begins: bool, chunks: tuple[str, ...]
) -> tuple[dict[str, Any], ...]:
    head = {"request_id": "1", "action": found.reply}
    frames = []
    if begins:
        frames.append({"status": "processing", **head, "chunk": _chunk("metadata", 0)})
    for number, kind in enumerate(chunks, start=int(begins)):
        frames.append({"status": "chunk", **head, "chunk": _chunk(kind, number)})
    return (*frames, {"status": "complete", **head, "payload": sample(found.result)})


def _chunk(kind: str, number: int) -> dict[str, Any]:
    data, metadata = _CHUNKS.get(kind, (None, {}))
    return {
        "type": kind,
        "data": data,
        "metadata": metadata,
        "timestamp": "2026-01-01T12:00:00Z",
        "sequence_id": number,
    }


# --- events, errors, routes ----------------------------------------------------------------


def _event(kind: type[Event], topic: Topic) -> EventView:
    name = str(kind.__struct_config__.tag)
    frame = {"status": "event", "request_id": "1", "action": name, "payload": sample(kind)}
    return EventView(
        name=name,
        topic=topic,
        description=description_of(kind),
        fields=fields_of(kind),
        frame=frame,
    )


def errors_told() -> tuple[ErrorView, ...]:
    """Every error that a reply or the end of a turn may carry."""
    # All that there are, whichever of them this process has met: turns meet those of the models.
    import pichat.gateway.server
    import pichat.llm.chain
    import pichat.llm.resting  # noqa: F401

    told: dict[str, type[PiChatError]] = {
        code: kind
        for code, kind in PiChatError.codes.items()
        if not kind.__module__.startswith(_NOT_SENT)
    }
    told[PiChatError.code] = PiChatError
    return tuple(
        ErrorView(
            code=code,
            retryable=kind.retryable,
            status=status_of_kind(kind),
            description=description_of(kind),
        )
        for code, kind in sorted(told.items())
    )


def parts_of_result(found: Route) -> dict[Body, tuple[Any, ...]]:
    """What a route replies with: `json` with its types, `file`, `events`."""
    from pichat.gateway.calls import Blob, ByteStream, EventStream

    kinds = get_args(found.result) or (found.result,)
    json = tuple(each for each in kinds if each not in (Blob, ByteStream, EventStream))
    parts: dict[Body, tuple[Any, ...]] = {"json": json} if json else {}
    if Blob in kinds or ByteStream in kinds:
        parts["file"] = ()
    if EventStream in kinds:
        parts["events"] = ()
    return parts


def route_errors(found: Route) -> tuple[str, ...]:
    """The codes of every error that a route may reply with."""
    codes = _EVERY | {"busy", "forbidden"} | contract_of(found.handler).errors
    return tuple(sorted(codes | (_GUARDED if found.needs != "anyone" else frozenset())))


def example_of(found: Route) -> dict[str, Any]:
    """The route's own; what has to be there and is not in it is made of the types."""
    whole = sample(found.payload)
    needed = {each.name: whole[each.name] for each in fields_of(found.payload) if each.required}
    return {**needed, **found.example}


def view_of(found: Route) -> RouteView:
    parts = parts_of_result(found)
    structs = [each for each in parts.get("json", ()) if isinstance(each, type)]
    shown = next((each for each in structs if issubclass(each, msgspec.Struct)), None)
    return RouteView(
        method=found.method,
        path=found.path,
        needs=found.needs,
        description=" ".join(found.description.split()),
        fields=fields_of(found.payload),
        result=fields_of(shown) if shown else (),
        body=tuple(parts),
        status=found.status,
        errors=route_errors(found),
        example=example_of(found),
    )
