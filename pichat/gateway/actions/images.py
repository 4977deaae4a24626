"""Pictures that a provider draws."""

import base64
from typing import Annotated

import msgspec

from pichat.errors import BadRequestError
from pichat.gateway.context import Context
from pichat.gateway.registry import action

Prompt = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Size = Annotated[str, msgspec.Meta(pattern=r"^(auto|\d{2,4}x\d{2,4})$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GenerateImage(msgspec.Struct, frozen=True, kw_only=True):
    """`prompt`, which may also be called `text`: what to draw. `size`: width and height in pixels,
    of those that the model knows; without one, its own. `provider`: who draws, by its name in the
    config; without one, the first that can."""

    prompt: Prompt | None = None
    text: Prompt | None = None
    size: Size | None = None
    provider: Name | None = None


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """Who drew, and how large the file is."""

    provider: str
    model: str | None
    media_type: str
    size_bytes: int


@action(
    "generate_image",
    needs="screen",
    example={"prompt": "A lighthouse at night", "size": "1024x1024"},
)
async def generate_image(context: Context, payload: GenerateImage) -> Drawn:
    """Have a picture drawn. Replies `processing` (metadata: `provider`, `model`), then one chunk of
    type `image` in base64 (metadata: `media_type`, and the `size` that was asked for). Unsupported
    when no provider can draw, or those that can are none that the profile or the person may use;
    model_failed, model_refused and rate_limited are the provider's own."""
    services, prompt = context.services, payload.prompt or payload.text
    if prompt is None:
        raise BadRequestError("“generate_image” lacks the field “prompt”.")
    terms = services.users.standing(context.caller.user_id).terms
    maker = services.images.maker(payload.provider, may_use_cloud=terms.may_use_cloud)
    await context.processing({"provider": maker.name, "model": maker.image_model})
    image = await maker.draw(prompt, payload.size)
    await context.chunk(
        "image",
        base64.b64encode(image.data).decode(),
        {"media_type": image.media_type, "size": payload.size},
    )
    return Drawn(
        provider=maker.name,
        model=maker.image_model,
        media_type=image.media_type,
        size_bytes=len(image.data),
    )
