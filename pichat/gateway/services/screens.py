"""What the actions need of the screens."""

from typing import Protocol

from pichat.events import ScreenCommand, ScreenSeen, Shown
from pichat.gateway.screens import Station


class Screens(Protocol):
    def join(self, station: Station) -> None: ...

    def leave(self, station: Station) -> None: ...

    def all(self) -> tuple[ScreenSeen, ...]: ...

    async def show(self, command: ScreenCommand) -> Shown:
        """Tell the screens that it is for. Raises NotFoundError when its target is not there."""
        ...

    def took(self, command_id: str, station: Station) -> None:
        """A screen says that it did it."""
        ...
