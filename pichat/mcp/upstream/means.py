"""What all servers share."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pichat.mcp.upstream.gate import Gate
from pichat.mcp.upstream.limits import Limits
from pichat.mcp.upstream.warden import Warden

if TYPE_CHECKING:
    from pichat.mcp.inputs import Given
    from pichat.mcp.upstream.transports import SharedHttp


class Ask(Protocol):
    """See inputs.Inputs.ask."""

    async def __call__(
        self, server: str, text: str, fields: dict[str, Any] | None, url: str | None = None
    ) -> Given: ...


class Means:
    """Nothing of it is loaded or started before a server needs it. `ask`: how a server asks a
    person for something, if it may."""

    def __init__(self, limits: Limits | None = None, ask: Ask | None = None) -> None:
        self.limits = limits or Limits()
        self.ask = ask
        self.programs = Gate(self.limits.programs_at_once)
        self.addresses = Gate(self.limits.addresses_at_once)
        self.warden = Warden()
        self._loading: asyncio.Future[None] | None = None
        self._http: SharedHttp | None = None

    @property
    def loaded(self) -> bool:
        """Whether the SDK is there."""
        return self._http is not None

    async def http(self) -> SharedHttp:
        """Brings the SDK, which takes half a second, or several on a Pi: in a thread, so that
        nobody hears it."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(asyncio.to_thread(_load))
        await asyncio.shield(self._loading)
        if self._http is None:
            from pichat.mcp.upstream.transports import SharedHttp

            self._http = SharedHttp(self.limits)
        return self._http

    async def close(self) -> None:
        """After the last server has ended."""
        if self._loading is not None:
            await asyncio.gather(self._loading, return_exceptions=True)
        await self.warden.close()


def _load() -> None:
    for name in ("mcp", "client", "httpx2", "httpcore2"):
        # They write down addresses with their keys, and what servers answer.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in ("session", "stdio", "transports"):
        import_module(f"pichat.mcp.upstream.{name}")
