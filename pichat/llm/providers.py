"""Every provider that is configured, for as long as a context lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import aiohttp
import structlog

from pichat.config.types import Llm
from pichat.errors import PiChatError
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.local import LocalProvider, create_local
from pichat.modules import load_engine

log = structlog.get_logger(__name__)

LOCAL = "local"
"""What a chain calls the model of this machine."""


@asynccontextmanager
async def open_providers(
    config: Llm, state_dir: Path, health: Health
) -> AsyncIterator[dict[str, Provider]]:
    """By the names that chains use, the model of this machine first. Its loading is its own affair:
    `load: start` begins at once and waits for nothing. Raises ConfigError for a provider that
    cannot be asked as it is configured."""
    async with AsyncExitStack() as stack:
        providers: dict[str, Provider] = {}
        if config.local is not None:
            local = create_local(LOCAL, config.local, state_dir, health)
            providers[LOCAL] = await stack.enter_async_context(local)
            if config.local.load == "start":
                await stack.enter_async_context(_loading(local))
        if config.providers:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            for name, cloud in config.providers.items():
                engine = load_engine("llm", cloud.kind, "language model's API")
                providers[name] = cast("Provider", engine.create(name, cloud, http))
        yield providers


@asynccontextmanager
async def _loading(local: LocalProvider) -> AsyncIterator[None]:
    """Load it meanwhile. Why it could not be stands in Health."""

    async def load() -> None:
        try:
            await local.load()
        except PiChatError as error:
            log.warning("language model not loaded", reason=error.sentence)

    task = asyncio.create_task(load(), name="language model loading")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
