"""The servers that the owner added, or switched, as they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec
import structlog
from msgspec import structs

from pichat.mcp.secrets import SecretFile
from pichat.mcp.written import Written, parted, whole
from pichat.store.mcp_servers import KeptServer, McpServerTable

log = structlog.get_logger(__name__)


class OwnServers:
    """In memory as on the disk. Changes raise UnavailableError, and hold when they return."""

    def __init__(
        self, table: McpServerTable, kept: Iterable[KeptServer], secrets: SecretFile
    ) -> None:
        self._table = table
        self._kept = {each.name: each for each in kept}
        self._secrets = secrets

    @classmethod
    async def load(cls, table: McpServerTable, secrets: SecretFile) -> Self:
        return cls(table, await table.load(), secrets)

    def names(self) -> tuple[str, ...]:
        """Those that were added, in that order."""
        return tuple(name for name, each in self._kept.items() if each.settings is not None)

    def is_on(self, name: str, *, configured: bool | None) -> bool:
        """`configured`: what config.yaml says of it, None for one that is not there."""
        kept = self._kept.get(name)
        if kept is None:
            return bool(configured)
        if configured is not None and kept.settings is not None:
            return configured  # another server, that waits behind the one of config.yaml
        return kept.enabled

    def written(self, name: str) -> Written:
        """One that was added."""
        private = self._secrets.all.get(name, {})
        try:
            shown = msgspec.json.decode(self._kept[name].settings or "{}", type=Written)
            return whole(shown, private)
        except ValueError:
            log.warning("settings of a server are damaged", server=name)
            return Written()

    async def keep(self, name: str, written: Written, *, enabled: bool) -> None:
        shown, private = parted(written)
        await self._secrets.save(name, private)
        settings = msgspec.json.encode(shown).decode()
        await self._save(KeptServer(name=name, settings=settings, enabled=enabled))

    async def switch(self, name: str, *, on: bool) -> None:
        kept = self._kept.get(name) or KeptServer(name=name, settings=None, enabled=on)
        await self._save(structs.replace(kept, enabled=on))

    async def remove(self, name: str) -> None:
        await self._table.delete(name)
        del self._kept[name]
        await self._secrets.save(name, {})

    async def _save(self, kept: KeptServer) -> None:
        await self._table.save(kept)
        self._kept[kept.name] = kept
