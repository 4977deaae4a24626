"""What the actions need of tools of other programs, and of their servers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from pichat.mcp.discovery import Discovered
from pichat.mcp.preferring import Alike
from pichat.mcp.server_view import ServerView
from pichat.mcp.snapshot import KnownTool, Snapshot
from pichat.mcp.switches import Whose
from pichat.mcp.written import Written
from pichat.store.mcp_calls import CallLine
from pichat.store.mcp_switches import Switch
from pichat.tools.remote import Behalf


class McpServers(Protocol):
    """Changes are durable, and in use, when these return. They raise BadRequestError for what
    cannot be, NotFoundError, NotAllowedError for changing what stands in config.yaml, and
    UnavailableError."""

    def views(self) -> tuple[ServerView, ...]:
        """In the order in which they are preferred."""
        ...

    def view(self, name: str) -> ServerView:
        """Raises NotFoundError."""
        ...

    def tools(self, name: str) -> tuple[KnownTool, ...]:
        """Raises NotFoundError."""
        ...

    async def add(
        self, name: str | None, written: Written, *, enabled: bool = True
    ) -> ServerView: ...

    async def update(
        self, name: str, changes: Mapping[str, Any], *, enabled: bool | None = None
    ) -> ServerView: ...

    async def remove(self, name: str) -> None: ...

    async def refresh(self, names: Iterable[str] | None = None) -> tuple[ServerView, ...]: ...


class RemoteTools(Protocol):
    """Tools of other programs, by the names that models know. Changes raise NotFoundError,
    BadRequestError and UnavailableError."""

    now: Snapshot

    async def approve(self, alias: str) -> KnownTool:
        """The owner agrees to it as it is now."""
        ...

    async def describe(self, alias: str, description: str | None) -> KnownTool:
        """The owner's words for it; None: its server's."""
        ...


class ToolSwitches(Protocol):
    """Changes are durable when they return. They raise BadRequestError and UnavailableError."""

    def is_on(self, alias: str, behalf: Behalf) -> bool: ...

    def is_passed_on(self, alias: str, token_id: str) -> bool:
        """Whether the program that came in with that token may have it from us."""
        ...

    def all(self) -> Mapping[str, tuple[Switch, ...]]:
        """By whose; "" is everybody."""
        ...

    async def change(
        self, whose: Whose, *, on: Sequence[str] = (), off: Sequence[str] = ()
    ) -> tuple[Switch, ...]: ...


class RemoteCalls(Protocol):
    async def newest(
        self, most: int, alias: str | None = None, before_s: float | None = None
    ) -> tuple[CallLine, ...]:
        """Newest first. `alias`: a pattern."""
        ...

    async def flushed(self) -> None:
        """Every line so far is on the disk. Raises UnavailableError."""
        ...


class Preferring(Protocol):
    """Which of tools that do the same is preferred."""

    @property
    def groups(self) -> tuple[Alike, ...]: ...

    async def prefer(self, alias: str) -> Alike:
        """Raises NotFoundError, BadRequestError and UnavailableError."""
        ...


class Discovery(Protocol):
    async def look(
        self, hosts: Sequence[str] = (), ports: Sequence[int] = (), *, here: bool = True
    ) -> Discovered:
        """What answers within seconds. Raises BadRequestError."""
        ...
