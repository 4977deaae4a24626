"""The language model of this machine, from the daemon's side: nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pichat.config.types import LocalModel
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.llm.base import LlmEvent, Request
from pichat.llm.gguf import read_dimensions
from pichat.models.shelf import resolve
from pichat.worker.jobs.llama import Settings
from pichat.worker.keeper import Model
from pichat.worker.memory import MEMINFO, require_memory
from pichat.worker.worker import Limits, Worker

PART = "local model"
NAME = "language model"
FOLDER = "llm"  # of the state directory
LOAD_S = 300.0  # a gigabyte from an SD card
# Reading between two matrices can be interrupted; writing what was read cannot.
LET_GO_S = 5.0
_NEVER_S = 86_400.0  # deadlines are the chain's


class LocalProvider:
    """Implements Provider; `async with LocalProvider(…)`. The model is loaded by the first request,
    or by `load`, and unloaded when it is idle. What is wrong with it stands in Health."""

    cloud = False
    sees = False

    def __init__(
        self,
        name: str,
        config: LocalModel,
        state_dir: Path,
        health: Health,
        *,
        meminfo: Path = MEMINFO,
    ) -> None:
        path = resolve(config.model, "gguf", state_dir)
        self.name = name
        self.model = path.stem
        self.path = path
        self.context_tokens = config.context_tokens
        settings = Settings(
            model=str(path),
            folder=str(state_dir / FOLDER),
            context_tokens=config.context_tokens,
            threads=config.threads,
        )
        model = Model(
            job="pichat.worker.jobs.llama",
            settings=settings,
            part=PART,
            name=NAME,
            doing="thinking",
            check=partial(_check, path, config.context_tokens, meminfo),
        )
        limits = Limits(idle_s=config.idle_s, load_s=LOAD_S, let_go_s=LET_GO_S)
        self.worker: Worker[LlmEvent] = Worker(model, LlmEvent, health, limits)

    async def __aenter__(self) -> Self:
        await self.worker.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.worker.__aexit__()

    async def load(self) -> None:
        """Load the model now. Raises UnavailableError when it cannot be."""
        await self.worker.load()

    async def stream(self, request: Request) -> AsyncGenerator[LlmEvent, None]:
        """See Provider. `Request.model` is not looked at: there is only this one."""
        async with self.worker.run(request, deadline_s=_NEVER_S) as pieces:
            async for piece in pieces:
                yield piece


def create_local(name: str, config: LocalModel, state_dir: Path, health: Health) -> LocalProvider:
    """The provider that a chain calls by `name`."""
    return LocalProvider(name, config, state_dir, health)


def _check(path: Path, context_tokens: int, meminfo: Path) -> None:
    if find_spec("llama_cpp") is None:
        raise UnavailableError(f"The {NAME} needs the Python package llama-cpp-python.")
    require_memory(read_dimensions(path).need_bytes(context_tokens), NAME, meminfo)
