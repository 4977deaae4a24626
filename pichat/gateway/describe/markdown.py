"""The protocol as Markdown, for people and for whoever reads `pichat protocol`."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from msgspec import UNSET

from pichat.gateway.describe.fields import FieldView
from pichat.gateway.describe.model import (
    ActionView,
    EnvelopeView,
    ErrorView,
    EventView,
    ProtocolView,
    RouteView,
    describe,
)

_INTRODUCTION = """\
# The protocol of PiChat {version}

Connect to `/ws/chat` (or `/ws`) and send JSON text frames `{{"action", "payload", "request_id"}}`.
One connection carries many requests at once; a request without a `request_id` is given one. Every
reply has a `status`: `processing` and `chunk` while an answer streams, then one `complete`, or one
`error` instead. Nothing comes unasked before `subscribe`; then events come as frames of status
`event`. Fields that are not known are ignored.

Each action needs a scope. They are a ladder: guest, agent, screen, admin; each may do what those
below it may.
"""


@cache
def markdown() -> str:
    return "\n".join(_lines(describe()))


def _lines(told: ProtocolView) -> Iterator[str]:
    yield _INTRODUCTION.format(version=told.version)
    yield "## Envelopes\n"
    for envelope in told.envelopes:
        yield from _envelope(envelope)
    yield "## Actions\n"
    for action in told.actions:
        yield from _action(action)
    yield "## Events\n"
    yield f"Topics of `subscribe`: {_codes(told.topics)}.\n"
    for event in told.events:
        yield from _event(event)
    yield "## HTTP\n"
    for route in told.routes:
        yield from _route(route)
    yield "## Types\n"
    for each in told.types:
        yield f"### Type {each.name}\n"
        if each.description:
            yield f"{each.description}\n"
        yield from _table(each.fields)
    yield "## Errors\n"
    yield from _errors(told.errors)


def _envelope(envelope: EnvelopeView) -> Iterator[str]:
    status = f" (status `{envelope.status}`)" if envelope.status else ""
    yield f"### {envelope.name}{status}\n"
    if envelope.description:
        yield f"{envelope.description}\n"
    yield from _table(envelope.fields)


def _action(action: ActionView) -> Iterator[str]:
    yield f"### {action.name}\n"
    yield f"{action.description}\n"
    yield f"Needs the scope `{action.needs}`. Its reply's action is `{action.reply}`.\n"
    yield from _fields("Payload", action.fields, action.about_fields)
    yield from _fields("Reply", action.result, action.about_result, given=False)
    yield f"Errors: {_codes(action.errors)}.\n"
    yield _frames((*action.request_frames, *action.reply_frames))


def _event(event: EventView) -> Iterator[str]:
    yield f"### {event.name} (topic `{event.topic}`)\n"
    yield f"{event.description}\n"
    yield from _table(event.fields)
    yield _frames((event.frame,))


def _route(route: RouteView) -> Iterator[str]:
    yield f"### {route.method} {route.path}\n"
    yield f"{route.description}\n"
    kinds = " or ".join(_BODIES[each] for each in route.body)
    yield f"Needs the scope `{route.needs}`. Replies with {route.status} and {kinds}.\n"
    yield from _fields("Takes", route.fields, "")
    yield from _fields("Gives", route.result, "", given=False)
    yield f"Errors: {_codes(route.errors)}.\n"


_BODIES = {"json": "JSON", "file": "a file", "events": "a stream of server-sent events"}


def _errors(errors: Iterable[ErrorView]) -> Iterator[str]:
    yield "| Code | HTTP | Again? | When |\n|---|---|---|---|"
    for each in errors:
        again = "yes" if each.retryable else "no"
        yield f"| `{each.code}` | {each.status} | {again} | {_cell(each.description)} |"
    yield ""


def _fields(
    title: str, fields: tuple[FieldView, ...], about: str, *, given: bool = True
) -> Iterator[str]:
    if fields:
        yield f"**{title}.** {about}".rstrip() + "\n"
        yield from _table(fields, given=given)


def _table(fields: tuple[FieldView, ...], *, given: bool = False) -> Iterator[str]:
    """`given`: by a client, which may leave out what has a default."""
    if not fields:
        return
    heads = ("Field", "Type", *(("Default",) if given else ()), "Meaning")
    yield f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|"
    for each in fields:
        cells = [f"`{each.name}`", each.type, each.meaning]
        if given:
            default = "needed" if each.default is UNSET else f"`{_json(each.default)}`"
            cells.insert(2, default)
        yield f"| {' | '.join(map(_cell, cells))} |"
    yield ""


def _frames(frames: Iterable[dict[str, Any]]) -> str:
    return "```json\n" + "\n".join(map(_json, frames)) + "\n```\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
