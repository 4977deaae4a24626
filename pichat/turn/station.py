"""One place to talk to PiChat: ears, a mouth, and the dialogue between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

from pichat.audio.base import Frame, SoundSink
from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.events import VoiceChanged
from pichat.health import Health
from pichat.tts.base import Synthesiser
from pichat.turn.dialogue import Dialogue, Manners
from pichat.turn.ears import Ears
from pichat.turn.floor import Floor
from pichat.turn.heard import Heard
from pichat.turn.listener import Listener, OpenRecogniser
from pichat.turn.mouth import Mouth
from pichat.turn.persona import Persona
from pichat.turn.recording import Pace, hear
from pichat.turn.reply import Replier
from pichat.turn.status import Status


class Keeper(Protocol):
    """Who keeps sound, as far as the owner allows."""

    def __call__(self, turn_id: str, event: Heard) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all stations of the house share. `called`: who answers to a wake word, or to a button.
    `ears`: how a listener is listened with; a thread, except where time is virtual."""

    config: Voice
    replier: Replier
    synthesiser: Synthesiser
    bus: Bus
    health: Health
    floor: Floor
    keep: Keeper
    called: Callable[[str], Persona]
    language: str = "en"
    ears: Callable[..., Ears] = Ears


class Station:
    """`make_listener` builds a Listener, on the listening thread. `part` is told to Health."""

    def __init__(
        self,
        name: str,
        common: Common,
        make_listener: Callable[[], Listener],
        sink: SoundSink,
        *,
        area: str | None = None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        config = common.config
        self.name = name
        self._make_listener = make_listener
        self._sink = sink
        self._on_ready = on_ready
        self._open_recogniser: OpenRecogniser | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.status = Status(common.bus, common.health, name)
        self._ears = common.ears(self._make, self._on_heard, self._ready)
        self._dialogue = Dialogue(
            Manners(
                station=name,
                area=area,
                called=common.called,
                chimes=config.feedback_sound,
                follow_up_s=config.follow_up_s,
                question_s=config.no_speech_timeout_s,
            ),
            common.replier,
            Mouth(common.synthesiser, sink, common.health, common.language),
            self.status,
            common.bus,
            common.floor,
            tell=self._ears.tell,
            start=self._start,
            keep=common.keep,
        )

    @property
    def state(self) -> VoiceChanged:
        """The state that was last published."""
        return self.status.shown

    async def listen(self) -> None:
        """Listen and answer until cancelled. Raises what the engines raised."""
        try:
            await self._ears.serve()
        finally:
            self.status.set_ears(False)
            self._sink.stop()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.status.do("listening")

    def put(self, frame: Frame) -> None:
        """Live sound. From any thread; never blocks."""
        self._ears.put(frame)

    async def hear(self, frames: AsyncIterator[bytes], pace: Pace | None) -> None:
        """Hear 16 kHz mono int16 sound, followed by silence until the turn that it began is over.
        Raises UnavailableError when listening ends before."""
        await hear(frames, self._ears, self.status, pace)

    def set_recogniser(self, open_recogniser: OpenRecogniser | None, reason: str | None) -> None:
        """See VoiceLoop."""
        self._open_recogniser = open_recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(open_recogniser))
        self.status.set_recogniser(open_recogniser is not None, reason)

    def begin(self) -> None:
        """A turn begins, as if the wake word had been said."""
        self._ears.tell(lambda listener: listener.begin())

    def interrupt(self) -> None:
        """Be silent, and forget what is being said."""
        self._dialogue.interrupt()

    def forget_command(self) -> None:
        """The sound was lost: a command that was being heard is not heard to its end."""
        self._dialogue.forget_command()

    def _make(self) -> Listener:
        listener = self._make_listener()
        listener.set_recogniser(self._open_recogniser)
        return listener

    def _ready(self) -> None:
        # It may have changed while the listener was being made.
        open_recogniser = self._open_recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(open_recogniser))
        self._on_ready()
        self.status.set_ears(True)

    def _on_heard(self, event: Heard, at_s: float) -> None:
        self._dialogue.heard(event, at_s)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begin a task that ends with the listening at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
