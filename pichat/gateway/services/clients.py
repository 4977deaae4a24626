"""What the actions need of front ends' settings."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pichat.config.types import Style
from pichat.events import Terms
from pichat.gateway.clients.views import ClientView, PresetView
from pichat.gateway.clients.wishes import Section
from pichat.store.clients import LlmWishes, SttWishes, TtsWishes


class Clients(Protocol):
    """What a front end of that id wants, and what holds for it. An id that nobody has set anything
    for has what the active profile has. Changes are durable, and hold from the next turn on, when
    these return. They raise BadRequestError that names what does not fit, NotFoundError for a
    preset that is not there, and UnavailableError."""

    # --- how it acts -----------------------------------------------------------------------

    def wishes(self, client_id: str) -> Terms:
        """On what terms its chats are answered."""
        ...

    def profile(self, client_id: str) -> str:
        """The profile that it wants; "" for the active one."""
        ...

    def style(self, client_id: str) -> Style:
        """How answers to it sound."""
        ...

    def speaks(self, client_id: str) -> str | None:
        """The language in which it wants answers said; None: as ever."""
        ...

    def hears(self, client_id: str) -> str | None:
        """The language in which it is spoken to; None: as ever."""
        ...

    # --- what is kept ----------------------------------------------------------------------

    def view(self, client_id: str) -> ClientView: ...

    async def change(
        self,
        client_id: str,
        *,
        llm: LlmWishes | None = None,
        tts: TtsWishes | None = None,
        stt: SttWishes | None = None,
        ui: Mapping[str, Any] | None = None,
        whole: bool = False,
    ) -> ClientView:
        """Fields that are not set stay as they are, or with `whole` are taken back; a null takes
        back. `ui`: a merge patch of RFC 7396, or all of it."""
        ...

    async def reset(self, client_id: str, *sections: Section) -> ClientView: ...

    def presets(self, client_id: str) -> tuple[PresetView, ...]:
        """Oldest first."""
        ...

    def preset(self, client_id: str, name: str) -> PresetView: ...

    async def save_preset(self, client_id: str, name: str, *, again: bool = False) -> PresetView:
        """Keep what the client has set as a preset. `again`: one that is there is written over."""
        ...

    async def apply_preset(self, client_id: str, name: str) -> ClientView: ...

    async def activate_preset(self, client_id: str, name: str | None) -> ClientView:
        """Have it hold where the client has set nothing; None: none does."""
        ...

    async def delete_preset(self, client_id: str, name: str | int) -> None:
        """By its name, or its index from 0."""
        ...

    def tools(self, client_id: str) -> tuple[str, ...] | None:
        """Patterns of the tools that its chats may use; None for all."""
        ...

    async def set_tools(self, client_id: str, patterns: Sequence[str] | None) -> None: ...
