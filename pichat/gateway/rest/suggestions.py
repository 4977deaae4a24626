"""Suggestions over HTTP: the same as the actions, and all of them at once."""

from typing import Annotated

import msgspec

from pichat.gateway.actions.suggestions import (
    CreateSuggestion,
    GetSuggestions,
    Id,
    Label,
    NamedSuggestion,
    OneSuggestion,
    SuggestionList,
    Text,
    UpdateSuggestion,
    list_suggestions,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route

_PATH = "/api/suggestions"


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`label`: what its button says, else the beginning of the text. An `id`, as a list that was
    asked for has it, is not looked at: all are new."""

    text: Text
    label: Label | None = None
    id: Id | None = None


class PutSuggestions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that are to be offered, in this order."""

    suggestions: Annotated[tuple[Written, ...], msgspec.Meta(max_length=50)]


class DeleteSuggestions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id`: only that one."""

    id: Id | None = None


@route("GET", _PATH, needs="guest")
async def get_suggestions(call: Call, payload: GetSuggestions) -> SuggestionList:  # noqa: ARG001
    """List what screens offer to say: the owner's, or some that this house understands."""
    return await list_suggestions(call.services)


@route(
    "POST",
    _PATH,
    needs="screen",
    status=201,
    example={"text": "Turn off all the lights", "label": "Good night"},
)
async def post_suggestion(call: Call, payload: CreateSuggestion) -> OneSuggestion:
    """Offer a sentence."""
    made = await call.services.suggestions.create(payload.text, payload.label, payload.place)
    return OneSuggestion(suggestion=made)


@route("PUT", _PATH, needs="screen", example={"suggestions": [{"text": "What time is it?"}]})
async def put_suggestions(call: Call, payload: PutSuggestions) -> SuggestionList:
    """Offer these, in the place of all that there were."""
    written = [(each.text, each.label) for each in payload.suggestions]
    await call.services.suggestions.replace(written)
    return await list_suggestions(call.services)


@route("DELETE", _PATH, needs="screen")
async def delete_suggestions(call: Call, payload: DeleteSuggestions) -> SuggestionList:
    """Offer none of the owner's any more, but those of the house; or only one less."""
    if payload.id is not None:
        await call.services.suggestions.delete(payload.id)
    else:
        await call.services.suggestions.replace(())
    return await list_suggestions(call.services)


@route(
    "PUT", f"{_PATH}/{{id}}", needs="screen", example={"id": "5b0c1f2a9e3d", "label": "Sleep well"}
)
async def put_suggestion(call: Call, payload: UpdateSuggestion) -> OneSuggestion:
    """Change a sentence that is offered, what its button says, or where it stands."""
    changed = await call.services.suggestions.update(
        payload.id, text=payload.text, label=payload.label, place=payload.place
    )
    return OneSuggestion(suggestion=changed)


@route("DELETE", f"{_PATH}/{{id}}", needs="screen", example={"id": "5b0c1f2a9e3d"})
async def delete_suggestion(call: Call, payload: NamedSuggestion) -> SuggestionList:
    """Offer a sentence no more."""
    await call.services.suggestions.delete(payload.id)
    return await list_suggestions(call.services)
