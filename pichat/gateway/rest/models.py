"""Models over HTTP: the list, and by what it can be narrowed."""

import msgspec

from pichat.gateway.actions.models import GetModels, list_models
from pichat.gateway.calls import Call
from pichat.gateway.facets import Facets, facets
from pichat.gateway.routes import route
from pichat.turn.catalogue import ModelList


class GetMetadata(msgspec.Struct, frozen=True, kw_only=True):
    pass


@route("GET", "/api/models", needs="agent", example={"place": "house"})
async def get_models(call: Call, payload: GetModels) -> ModelList:
    """List what can be asked. Nothing is asked for over the network without `refresh=true`."""
    return await list_models(call.services, payload)


@route("GET", "/api/models/metadata", needs="agent")
async def get_metadata(call: Call, payload: GetMetadata) -> Facets:  # noqa: ARG001
    """Tell by what the list of models can be narrowed: providers, places, modalities, sizes, each
    kind with how many models are of it."""
    return facets((await call.services.models.models()).data)
