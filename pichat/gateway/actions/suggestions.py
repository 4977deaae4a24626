"""Suggestions: what one could say, offered on screens."""

from typing import Annotated

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.store.suggestions import Suggestion

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Place = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class GetSuggestions(msgspec.Struct, frozen=True, kw_only=True):
    pass


class SuggestionList(msgspec.Struct, frozen=True, kw_only=True):
    """In their order. `own`: the owner wrote them; otherwise the house understands them, and they
    follow its devices."""

    suggestions: tuple[Suggestion, ...]
    own: bool


class CreateSuggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`label`: what its button says, else the beginning of the text. `place`: before which of the
    others, counted from 0; without one it is the last."""

    text: Text
    label: Label | None = None
    place: Place | None = None


class UpdateSuggestion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    id: Id
    text: Text | None = None
    label: Label | None = None
    place: Place | None = None


class NamedSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class OneSuggestion(msgspec.Struct, frozen=True, kw_only=True):
    suggestion: Suggestion


async def list_suggestions(services: Services) -> SuggestionList:
    suggestions = services.suggestions
    return SuggestionList(suggestions=await suggestions.all(), own=bool(suggestions.own))


@action("get_suggestions", needs="guest")
async def get_suggestions(context: Context, payload: GetSuggestions) -> SuggestionList:  # noqa: ARG001
    """List what screens offer to say. As long as the owner has written nothing, these are two or
    three sentences that this house understands, about devices that are there."""
    return await list_suggestions(context.services)


@action(
    "create_suggestion",
    needs="screen",
    example={"text": "Turn off all the lights", "label": "Good night"},
)
async def create_suggestion(context: Context, payload: CreateSuggestion) -> OneSuggestion:
    """Offer a sentence. With the first one, those of the house are not offered any more.
    Subscribers to `profiles` are told as `suggestions_changed`."""
    made = await context.services.suggestions.create(payload.text, payload.label, payload.place)
    return OneSuggestion(suggestion=made)


@action("update_suggestion", needs="screen", example={"id": "5b0c1f2a9e3d", "label": "Sleep well"})
async def update_suggestion(context: Context, payload: UpdateSuggestion) -> OneSuggestion:
    """Change a sentence that is offered, what its button says, or where it stands."""
    changed = await context.services.suggestions.update(
        payload.id, text=payload.text, label=payload.label, place=payload.place
    )
    return OneSuggestion(suggestion=changed)


@action("delete_suggestion", needs="screen", example={"id": "5b0c1f2a9e3d"})
async def delete_suggestion(context: Context, payload: NamedSuggestion) -> SuggestionList:
    """Offer a sentence no more; complete with those that are left. After the last one, sentences of
    the house are offered again."""
    await context.services.suggestions.delete(payload.id)
    return await list_suggestions(context.services)
