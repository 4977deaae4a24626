"""llama.cpp: any GGUF, answering requests of pichat/llm/base.py with the events of that file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pichat.llm.base import LlmEvent, Request
from pichat.worker.job import Cancelled, Progress
from pichat.worker.settle import thread_count

if TYPE_CHECKING:
    from pichat.llm.engine.answer import Engine

__all__ = ["Llama", "Request", "Settings", "load"]
_STATES = "states"


class Settings(msgspec.Struct, frozen=True):
    """`model`: the GGUF. `folder`: where what it has read is kept. No `threads`: what suits the
    machine."""

    model: str
    folder: str
    context_tokens: int
    threads: int | None = None


class Llama:
    """Implements Job."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(self, request: Request, cancelled: Cancelled) -> Generator[LlmEvent, None, None]:
        """See Job; the events as Provider.stream promises them."""
        return self._engine.answer(request, cancelled)


def load(settings: Settings, progress: Progress) -> Llama:
    """See JobFile."""
    from pichat.llm.engine.answer import Engine
    from pichat.llm.engine.model import LoadedModel
    from pichat.llm.engine.states import States, model_identity

    path = Path(settings.model)
    threads = settings.threads or thread_count()
    model = LoadedModel(path, settings.context_tokens, threads, progress)
    states = States(Path(settings.folder) / _STATES, model_identity(path))
    return Llama(Engine(model, states))
