"""How many programs have asked each other, one behind the other: a server elsewhere may itself ask
PiChat, which asks it again. The number travels in each request's `_meta`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec

DEEPEST = 3
KEY = "pichat/depth"

_current: ContextVar[int] = ContextVar("depth", default=0)


@contextmanager
def asking(depth: int) -> Iterator[None]:
    """The call that is made in the context is the one behind `depth` others."""
    token = _current.set(depth + 1)
    try:
        yield
    finally:
        _current.reset(token)


def meta_now() -> dict[str, Any]:
    """For the `_meta` of the call that is made in this context."""
    return {KEY: _current.get()} if _current.get() else {}


def depth_of(meta: Mapping[str, Any] | None) -> int:
    """How many have asked before a request with that `_meta`. What is no number counts as the
    most."""
    try:
        return max(0, msgspec.convert((meta or {}).get(KEY, 0), int))
    except msgspec.ValidationError:
        return DEEPEST
