"""Models: what can be asked in this house."""

from typing import Annotated

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.facets import Filter, narrowed
from pichat.gateway.registry import action
from pichat.gateway.services import Services
from pichat.turn.catalogue import ModelList, Place

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class GetModels(msgspec.Struct, frozen=True, kw_only=True):
    """Only models of a `provider`, of a `place` (on this machine, on another one of the house's
    own, in the cloud), that take a `modality` such as image, that are `available`, or in whose name
    `query` stands. `refresh`: ask the providers in the network first which models they have."""

    provider: Word | None = None
    place: Place | None = None
    modality: Word | None = None
    available: bool | None = None
    query: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    refresh: bool = False


async def list_models(services: Services, payload: GetModels) -> ModelList:
    known = await (services.models.refresh() if payload.refresh else services.models.models())
    wanted = Filter(
        provider=payload.provider,
        place=payload.place,
        modality=payload.modality,
        available=payload.available,
        query=payload.query,
    )
    return ModelList(data=narrowed(known.data, wanted), errors=known.errors)


@action("get_models", needs="agent", example={"place": "house"})
async def get_models(context: Context, payload: GetModels) -> ModelList:
    """List what can be asked: `auto` as the profile asks, `intents` for commands of the house
    alone, the model of this machine, each provider of the config, and the models that they were
    last heard to have. Nothing is asked for over the network without `refresh`; a provider that
    does not answer then is told in `errors`, and what it told before stays."""
    return await list_models(context.services, payload)
