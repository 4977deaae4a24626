"""Whom one can talk to, as OpenAI's clients ask."""

import time
from typing import Annotated, Literal

import msgspec

from pichat.gateway.calls import Call
from pichat.gateway.openai.models import ModelNotFoundError, choose, names
from pichat.gateway.routes import route

_SINCE_S = int(time.time())


class GetModels(msgspec.Struct, frozen=True, kw_only=True):
    pass


class GetModel(msgspec.Struct, frozen=True, kw_only=True):
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """One that can be asked: `pichat` for whoever is active, a profile, or a language model of the
    config, each model of which can be asked as `name:model`. `created` is when PiChat started."""

    id: str
    created: int = _SINCE_S
    object: Literal["model"] = "model"
    owned_by: str = "pichat"


class ModelsList(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[ModelView, ...]
    object: Literal["list"] = "list"


@route("GET", "/v1/models", needs="guest")
async def list_models(call: Call, payload: GetModels) -> ModelsList:  # noqa: ARG001
    """List whom one can talk to: PiChat, its profiles, its language models."""
    return ModelsList(data=tuple(ModelView(id=name) for name in names(call.services)))


@route("GET", "/v1/models/{model}", needs="guest", example={"model": "pichat"})
async def show_model(call: Call, payload: GetModel) -> ModelView:
    """Show one of them. Raises NotFoundError."""
    choose(call.services, payload.model)
    if not payload.model.strip():
        raise ModelNotFoundError("A model has a name.")
    return ModelView(id=payload.model)
