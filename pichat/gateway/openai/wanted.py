"""How a client wants to be answered, as every route that speaks as OpenAI does takes it."""

from typing import Annotated, Any

import msgspec
from msgspec import structs

from pichat.errors import UnsupportedError
from pichat.events import Terms

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
Name = Annotated[str, msgspec.Meta(max_length=200)]
_LONGEST_SYSTEM = 32_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may say of how it is answered. What is not known here is ignored, as OpenAI's
    clients send much that is only for OpenAI."""

    model: Name | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    max_completion_tokens: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: Word | Annotated[tuple[Word, ...], msgspec.Meta(max_length=16)] | None = None

    def terms(self, base: Terms, *, model: str | None, system: str | None) -> Terms:
        """`base` with what the request says in the place of its own."""
        stop = (self.stop,) if isinstance(self.stop, str) else self.stop
        limit = self.max_completion_tokens or self.max_tokens
        given: dict[str, Any] = {
            "model": model,
            "system": system,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": limit,
            "seed": self.seed,
            "stop": stop,
        }
        return structs.replace(base, **{k: v for k, v in given.items() if v is not None})


def check_system(system: str | None) -> None:
    """Raises UnsupportedError for one that is longer than any model here reads with patience."""
    if system is not None and len(system) > _LONGEST_SYSTEM:
        raise UnsupportedError(f"System messages may have {_LONGEST_SYSTEM:,} characters in all.")
