"""Pictures that were sent before, and are named by their ids."""

from collections.abc import Sequence

from pichat.events import Image
from pichat.gateway.calls import Call
from pichat.gateway.openai.asked import Uploads


def uploads_of(call: Call) -> Uploads:
    """Those of who asks. What it returns raises NotFoundError, UnsupportedError for what is no
    picture, BadRequestError and TooLargeError."""

    async def images(ids: Sequence[str]) -> tuple[Image, ...]:
        return await call.services.uploads.images(ids, call.caller) if ids else ()

    return images
