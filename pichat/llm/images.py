"""Pictures that a provider draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from pichat.errors import NotFoundError, UnsupportedError
from pichat.events import Image

MOST_IMAGE_BYTES = 8 * 1024 * 1024
"""The largest picture that is taken: it goes to the screens as one frame."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)


@runtime_checkable
class ImageMaker(Protocol):
    """A provider that draws. `cloud`: what is asked for leaves the house."""

    name: str
    cloud: bool

    @property
    def image_model(self) -> str | None:
        """What draws; None when its config names none, and it cannot."""
        ...

    async def draw(self, prompt: str, size: str | None) -> Image:
        """One picture. `size`: such as 1024x1024; None is the model's own. Raises the errors of
        errors.py."""
        ...


class Images:
    """Which of the `providers` can draw, in the order of the config. They and `may_use_cloud` are
    asked each time."""

    def __init__(self, providers: Mapping[str, object], may_use_cloud: Callable[[], bool]) -> None:
        self._providers = providers
        self._may_use_cloud = may_use_cloud

    def maker(self, name: str | None = None, *, may_use_cloud: bool = True) -> ImageMaker:
        """The one of that name, or the first that may be used. `may_use_cloud`: by whoever asks.
        Raises UnsupportedError that says why there is none, and NotFoundError."""
        makers = {
            name: maker
            for name, maker in self._providers.items()
            if isinstance(maker, ImageMaker) and maker.image_model
        }
        if not makers:
            raise UnsupportedError(
                "Nobody here can draw: no provider in the config has an image_model."
            )
        if name is not None and name not in makers:
            raise NotFoundError(f"“{name[:64]}” is nobody who can draw; {', '.join(makers)} can.")
        wanted = makers.values() if name is None else (makers[name],)
        for maker in wanted:
            if not maker.cloud or (may_use_cloud and self._may_use_cloud()):
                return maker
        who = "this profile" if may_use_cloud else "you"
        raise UnsupportedError(
            f"Pictures are drawn in the cloud here, and {who} may not use the cloud."
        )


def nobody_draws() -> Images:
    """A house without any provider that can."""
    return Images({}, lambda: False)


def media_type(data: bytes) -> str | None:
    """What a picture says of itself; None when it is none that a screen can show."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((name for start, name in _BEGINNINGS if data.startswith(start)), None)
