"""Tools of other programs, as the box of tools uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from pichat.events import Source, ToolCall, ToolResult
from pichat.llm.base import ToolSpec
from pichat.tools.patterns import NOT, permits

FIND_TOOLS = "find_tools"
CALL_TOOL = "call_tool"
"""What a model asks for with a tool's name when it was not offered that tool itself. Who speaks for
a model takes it apart; nobody else knows it."""

Progress = Callable[[float, float | None, str], None]
"""How far it is, of how much, in the server's words."""


class Behalf(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf a tool elsewhere is used. `behind`: whose wish a model follows. `allowed`:
    patterns of names, None for all. `depth`: how many programs have asked each other before this
    call; see Utterance."""

    source: Source
    behind: Source | None = None
    turn_id: str = ""
    conversation_id: str = ""
    user_id: str = "house"
    profile: str = ""
    client_id: str = ""
    token_id: str = ""
    depth: int = 0
    allowed: tuple[str, ...] | None = None

    def permits(self, name: str) -> bool:
        """Whether the patterns do. Visitors and children need one that is meant for it: what is
        elsewhere was not chosen for them by allowing them everything here."""
        if "guest" in (self.source, self.behind) and not _is_named(self.allowed, name):
            return False
        return permits(self.allowed, name)


def _is_named(allowed: Sequence[str] | None, name: str) -> bool:
    """By a pattern that is meant for tools elsewhere; the house's own have no double line."""
    wanted = [each for each in allowed or () if "__" in each and not each.startswith(NOT)]
    return permits(wanted, name)


class RemoteTools(Protocol):
    """Tools of other programs. Their names never are those of the house's own."""

    def names(self) -> Iterable[str]:
        """Of all."""
        ...

    def knows(self, name: str) -> bool:
        """Whether it is one of them, or what finds them."""
        ...

    async def call(
        self, call: ToolCall, behalf: Behalf, progress: Progress | None = None
    ) -> ToolResult:
        """The tool's result, `outside`. Raises NotFoundError, NotAllowedError, BadRequestError for
        arguments that its schema does not take, BusyError, and those of mcp/errors.py, which say
        whether it may have been done. Cancelling it tells the server."""
        ...

    async def offered(self, texts: Sequence[str], behalf: Behalf) -> tuple[ToolSpec, ...]:
        """What a model is told of them: how to find and call any, then those that fit what was
        said best. `texts`: that, and what the person said before it. Empty when there are none."""
        ...
