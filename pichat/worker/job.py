"""What runs in the child: the contract of the files in jobs/."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

Progress = Callable[[float], None]
"""Told how much of the loading is done, 0 to 1. Any thread may call it."""

Cancelled = Callable[[], bool]
"""Whether nobody wants the answer any more. Cheap, and any thread may ask."""


class Job(Protocol):
    """A loaded model."""

    def run(self, request: Any, cancelled: Cancelled) -> Generator[Any, None, None]:
        """Answer one `Request` of its file in pieces that msgpack can carry. Raises a PiChatError
        for what a person shall hear of; anything else is told as a failure of the model."""
        ...


class JobFile(Protocol):
    """The module: `Settings` and `Request` are the structs that `load` and `run` take."""

    Settings: type[Any]
    Request: type[Any]

    def load(self, settings: Any, progress: Progress) -> Job:
        """Raises a PiChatError when the model cannot be used."""
        ...
