"""The voice service of a daemon whose voice loop is switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import NoReturn

from pichat.audio.base import SoundSink
from pichat.errors import UnavailableError
from pichat.events import Source, VoiceChanged

_REASON = "The voice is switched off (voice.enabled is false)."


class SilentVoice:
    """Deaf, and says so."""

    @property
    def state(self) -> VoiceChanged:
        return VoiceChanged(state="deaf", reason=_REASON)

    def mute(self, muted: bool) -> None:
        """There is nothing to mute."""

    def interrupt(self) -> None:
        """There is nothing to interrupt."""

    def listen(self) -> None:
        """Raises UnavailableError."""
        raise UnavailableError(_REASON)

    def screen(
        self,
        name: str,  # noqa: ARG002
        speaker: SoundSink,  # noqa: ARG002
        *,
        area: str | None,  # noqa: ARG002
        wake_word: bool,  # noqa: ARG002
        cancels_echo: bool,  # noqa: ARG002
        user_id: str,  # noqa: ARG002
        source: Source,  # noqa: ARG002
    ) -> AbstractAsyncContextManager[NoReturn]:
        """Raises UnavailableError."""
        raise UnavailableError(_REASON)

    async def hear(self, frames: AsyncIterator[bytes]) -> None:  # noqa: ARG002
        """Raises UnavailableError."""
        raise UnavailableError(_REASON)
