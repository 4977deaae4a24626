"""Every provider that is configured, for as long as a context lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import cast

import aiohttp
import structlog

from pichat.config.types import CloudModel, Llm
from pichat.errors import PiChatError
from pichat.health import Health
from pichat.llm.base import Provider
from pichat.llm.local import LocalProvider, create_local
from pichat.modules import load_engine

log = structlog.get_logger(__name__)

LOCAL = "local"
"""What a chain calls the model of this machine."""


class Providers(Mapping[str, Provider]):
    """Whom chains can ask, the model of this machine first. Those in the network can be others from
    one question to the next; an answer that has begun goes on."""

    def __init__(self, local: Provider | None, http: aiohttp.ClientSession) -> None:
        self._local = {} if local is None else {LOCAL: local}
        self._http = http
        self._now: Mapping[str, Provider] = self._local

    def prepare(self, clouds: Mapping[str, CloudModel]) -> Callable[[], None]:
        """What makes these the ones in the network. Raises ConfigError for one that cannot be asked
        as it is configured; nothing has changed until then."""
        made = dict(self._local)
        for name, cloud in clouds.items():
            engine = load_engine("llm", cloud.kind, "language model's API")
            made[name] = cast("Provider", engine.create(name, cloud, self._http))

        def commit() -> None:
            self._now = made

        return commit

    def __getitem__(self, name: str) -> Provider:
        return self._now[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now)

    def __len__(self) -> int:
        return len(self._now)


@asynccontextmanager
async def open_providers(config: Llm, state_dir: Path, health: Health) -> AsyncIterator[Providers]:
    """By the names that chains use. The local model's loading is its own affair: `load: start`
    begins at once and waits for nothing. Raises ConfigError for a provider that cannot be asked as
    it is configured."""
    async with AsyncExitStack() as stack:
        local: LocalProvider | None = None
        if config.local is not None:
            creating = create_local(LOCAL, config.local, state_dir, health)
            local = await stack.enter_async_context(creating)
            if config.local.load == "start":
                await stack.enter_async_context(_loading(local))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        providers = Providers(local, http)
        providers.prepare(config.providers)()
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
