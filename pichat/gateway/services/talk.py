"""What the actions need of turns, speech and what was said."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from pichat.audio.base import SoundSink
from pichat.config.types import Style
from pichat.events import Question, Source, ToolCall, ToolResult, TurnEvent, Utterance, VoiceChanged
from pichat.llm.images import ImageMaker
from pichat.store.conversations import Page
from pichat.store.find import Conversation
from pichat.store.messages import StoredMessage
from pichat.tools.base import Tool
from pichat.tools.endings import Ending
from pichat.tools.remote import Behalf, Progress
from pichat.tts.base import Speech
from pichat.turn.clips import Written
from pichat.turn.profiles import ProfileView
from pichat.turn.run import Run


class Turns(Protocol):
    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]:
        """The turn's events, `TurnStarted` first, `TurnFinished` last. Raises PiChatError when it
        cannot run at all. Closing the iterator ends the turn."""
        ...

    def forget(self, conversation_id: str) -> None:
        """The connection has gone that it was held on: what may not stay goes, too."""
        ...


class Tools(Protocol):
    @property
    def tools(self) -> Mapping[str, Tool]:
        """Every tool by its name."""
        ...

    async def call(
        self,
        call: ToolCall,
        *,
        source: Source,
        turn_id: str,
        allowed: Sequence[str] | None = None,
        behalf: Behalf | None = None,
        progress: Progress | None = None,
    ) -> ToolResult:
        """The only door to the house. `allowed`: patterns of tools, None for all. Where a person
        has to say yes first, nothing is done and the result has the question. When nothing could
        be tried, raises BadRequestError, NotFoundError, NotAllowedError, UnsupportedError,
        DeviceSilentError, NotConfirmedError, WaitingError and UnavailableError."""
        ...

    async def confirm(
        self,
        question_id: str,
        *,
        yes: bool,
        source: Source,
        turn_id: str,
        allowed: Sequence[str] | None = None,
    ) -> ToolResult:
        """Answer a question: what came of its call. Raises NotFoundError when it is not open any
        more, and what `call` raises."""
        ...

    def open_questions(self) -> tuple[Question, ...]:
        """What waits for an answer, oldest first."""
        ...

    async def came_of(self, question_id: str, wait_s: float) -> Ending:
        """What came of a question, waiting so long for it. Raises NotFoundError."""
        ...


class Voice(Protocol):
    @property
    def state(self) -> VoiceChanged: ...

    async def hear(self, frames: AsyncIterator[bytes]) -> None:
        """Take in sound as if the microphone had heard it: int16 little-endian mono at 16 kHz, in
        pieces of any length. Returns when it has been listened to. Raises UnavailableError when
        there is no voice loop, BusyError when somebody else is feeding it."""
        ...

    def mute(self, muted: bool) -> None:
        """Do not listen to the microphone of this machine, or do again."""
        ...

    def interrupt(self) -> None:
        """Be silent. Harmless when nothing is being said."""
        ...

    def listen(self) -> None:
        """Begin a turn without the wake word. Raises UnavailableError when it is deaf."""
        ...

    def screen(
        self,
        name: str,
        speaker: SoundSink,
        *,
        area: str | None,
        wake_word: bool,
        cancels_echo: bool,
        user_id: str,
        source: Source,
    ) -> AbstractAsyncContextManager["ScreenStation"]:
        """A microphone and speaker elsewhere, with ears of its own. `user_id`: who speaks there,
        and as what their wishes count. Without `wake_word` a turn
        begins at once. Raises UnavailableError, and BusyError when too many listen."""
        ...


class ScreenStation(Protocol):
    async def hear(self, frames: AsyncIterator[bytes], pace: None) -> None:
        """Take in live sound, as `Voice.hear` does."""
        ...


class Clips(Protocol):
    """Speech that is no conversation. Raise UnavailableError."""

    async def to_text(self, pcm: bytes) -> Written:
        """What is said in 16 kHz mono int16 sound."""
        ...

    def to_speech(
        self, text: str, language: str | None, style: Style
    ) -> AbstractAsyncContextManager[Speech]:
        """`text` aloud. Leaving the context ends the work."""
        ...


class Images(Protocol):
    """Who can draw pictures."""

    def maker(self, name: str | None, *, may_use_cloud: bool = True) -> ImageMaker:
        """The one of that name, or the first that may be used. `may_use_cloud`: by whoever asks.
        Raises UnsupportedError that says why there is none, and NotFoundError."""
        ...


class Runs(Protocol):
    """The last spoken runs."""

    def newest(self, limit: int) -> tuple[Run, ...]:
        """Newest first, near misses among them."""
        ...

    def sound(self, turn_id: str) -> bytes:
        """A run's sound, 16 kHz mono int16. Raises NotFoundError that says why there is none."""
        ...


class Profiles(Protocol):
    """Changes are durable, and hold from the next turn on, when these return. They raise
    BadRequestError that names every setting that does not fit, NotFoundError, and
    UnavailableError."""

    @property
    def active(self) -> str: ...

    def names(self) -> tuple[str, ...]: ...

    def wake_words(self) -> Mapping[str, str | None]:
        """Whom each wake word calls; None: whoever is active."""
        ...

    def view(self, name: str) -> ProfileView: ...

    def views(self) -> tuple[ProfileView, ...]: ...

    async def create(
        self, name: str, settings: Mapping[str, Any], wake_words: Sequence[str] | None = None
    ) -> ProfileView: ...

    async def update(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        reset: Sequence[str] = (),
        wake_words: Sequence[str] | None = None,
    ) -> ProfileView:
        """Settings nested or by dotted names; those of `reset` are taken back before."""
        ...

    async def delete(self, name: str) -> bool:
        """Whether it is gone; one of config.yaml only loses what was changed of it."""
        ...

    async def activate(self, name: str) -> ProfileView: ...


class Conversations(Protocol):
    """What was said, by person (`user_id`). Raise NotFoundError for ids that are not there or are
    somebody else's, and UnavailableError when a change cannot be kept."""

    async def newest(
        self, *, user_id: str, query: str = "", before: str | None = None, limit: int = 50
    ) -> tuple[Conversation, ...]: ...

    async def get(self, conversation_id: str, *, user_id: str) -> Conversation: ...

    async def create(self, title: str, profile: str, *, user_id: str) -> Conversation: ...

    async def update(
        self,
        conversation_id: str,
        *,
        user_id: str,
        title: str | None = None,
        profile: str | None = None,
    ) -> Conversation: ...

    async def delete(self, conversation_id: str, *, user_id: str) -> None: ...

    async def messages(
        self,
        conversation_id: str,
        *,
        user_id: str,
        before: str | None = None,
        limit: int = 50,
        images: bool = False,
    ) -> Page:
        """Oldest first; none when nothing was said under that id."""
        ...

    async def answer_of(self, turn_id: str, *, user_id: str) -> StoredMessage:
        """The last message of the assistant's in a turn, which has how it came to be."""
        ...

    async def delete_message(self, message_id: str, *, user_id: str) -> None: ...
