"""Who is at the door, and what each may do. The scopes are a ladder: each may do what those below
it may."""

from typing import Literal

import msgspec

from pichat.errors import NotAllowedError, PiChatError
from pichat.events import Source

Scope = Literal["guest", "agent", "screen", "admin"]
"""guest: a visitor, who may talk and switch lights. agent: a program. screen: one of the house's
own, which also reads what was said, answers questions and arranges the house. admin: all."""

Need = Literal["anyone", "guest", "agent", "screen", "admin"]
"""What a way in asks for; `anyone` even lets in who has not said who it is."""

LADDER: tuple[Need, ...] = ("anyone", "guest", "agent", "screen", "admin")

HOUSE = "house"
"""The user of whoever is no person in particular: a screen on the wall."""


class UnauthenticatedError(PiChatError):
    """Nobody knows who asks, or the token is none of ours."""

    code = "unauthenticated"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of its token. `area`: the room that it stands in. `user_id`: the person it belongs
    to. `local`: on this machine, and trusted for that alone."""

    id: str
    name: str
    scope: Scope
    area: str | None = None
    user_id: str = HOUSE
    local: bool = False

    @property
    def source(self) -> Source:
        """As what its wishes count, for tools and the audit."""
        return self.scope if self.scope in ("agent", "guest") else "screen"


THIS_MACHINE = Caller(id="this-machine", name="this machine", scope="admin", local=True)


def reaches(scope: Scope, needs: Need) -> bool:
    """Whether that scope may what needs another."""
    return LADDER.index(scope) >= LADDER.index(needs)


def admit(caller: Caller | None, needs: Need) -> None:
    """Raises UnauthenticatedError, or NotAllowedError for one whose scope does not reach."""
    if needs == "anyone":
        return
    if caller is None:
        raise UnauthenticatedError("Say who you are first: pair this screen, or send its token.")
    if not reaches(caller.scope, needs):
        raise NotAllowedError(
            f"“{caller.name}” is let in as {caller.scope}; that needs {needs} or more."
        )
