"""An engine in this process."""

from __future__ import annotations

from pathlib import Path

from pichat.llm.base import LlmEvent, Request
from pichat.llm.engine.answer import Engine
from pichat.llm.engine.model import LoadedModel
from pichat.llm.engine.states import States, model_identity


def engine_of(path: Path, folder: Path | None = None, context_tokens: int = 4096) -> Engine:
    """With its states in `folder`, or with none."""
    states = None if folder is None else States(folder, model_identity(path))
    return Engine(model_of(path, context_tokens), states)


def model_of(path: Path, context_tokens: int = 4096) -> LoadedModel:
    return LoadedModel(path, context_tokens, 1, lambda _: None)


def answer(engine: Engine, request: Request) -> list[LlmEvent]:
    return list(engine.answer(request, lambda: False))
