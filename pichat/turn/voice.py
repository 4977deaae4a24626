"""The voice loop: what is heard becomes turns, and what turns answer is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine

from pichat.audio.base import Frame, SoundSink, SoundSource
from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.errors import BusyError
from pichat.events import PartHealth, VoiceChanged
from pichat.health import Health, keep_serving
from pichat.stt.base import Recogniser
from pichat.tts.base import Synthesiser
from pichat.turn.dialogue import Dialogue, Turns
from pichat.turn.ears import Ears
from pichat.turn.listener import Heard, Listener
from pichat.turn.mouth import Mouth
from pichat.turn.recording import play
from pichat.turn.status import Status

_RETRY_S = 3.0  # a device that was plugged in is taken up within this


class VoiceLoop:
    """Owns microphone, speaker and listening thread for as long as `run` runs.

    `listener` builds a Listener, on the listening thread. When something was said that the
    recogniser holds nothing for, the person is told so and no turn is run; silence after the
    wake word is not answered, because most of it is a false wake. It publishes VoiceChanged,
    Transcript and VoiceHeard; the turns publish their own events.
    """

    def __init__(
        self,
        config: Voice,
        *,
        listener: Callable[[], Listener],
        microphone: SoundSource,
        speaker: SoundSink,
        synthesiser: Synthesiser,
        turns: Turns,
        bus: Bus,
        health: Health,
        language: str = "en",
    ) -> None:
        self._make_listener = listener
        self._microphone = microphone
        self._speaker = speaker
        self._bus = bus
        self._health = health
        self._recogniser: Recogniser | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._status = Status(bus, health)
        self._ears = Ears(self._make, self._on_heard, self._on_ready)
        self._dialogue = Dialogue(
            turns,
            Mouth(synthesiser, speaker, health, language),
            self._status,
            bus,
            tell=self._ears.tell,
            start=self._start,
            chimes=config.feedback_sound,
        )

    @property
    def state(self) -> VoiceChanged:
        """The state that was last published."""
        return self._status.shown

    async def run(self) -> None:
        """Listen and answer until cancelled. Parts: microphone, speaker, voice, speech."""
        try:
            async with asyncio.TaskGroup() as group:
                for part, serve in (
                    ("speaker", self._speaker.serve),
                    ("voice", self._listen),
                    ("microphone", self._capture),
                ):
                    group.create_task(
                        keep_serving(part, serve, self._health, longest_pause_s=_RETRY_S)
                    )
                group.create_task(self._watch_health())
        finally:
            if self._recogniser is not None:
                self._recogniser.close()

    def set_recogniser(self, recogniser: Recogniser | None, reason: str | None = None) -> None:
        """Recognise with this from the next command on; the one before is closed. None: be deaf,
        and say why with the sentence `reason`."""
        self._recogniser = recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(recogniser))
        self._status.set_recogniser(recogniser is not None, reason)

    async def hear(self, frames: AsyncIterator[bytes], *, patience_s: float = 10.0) -> None:
        """Hear 16 kHz mono int16 sound instead of the microphone, at the pace of real time,
        followed by silence until the loop listens for the wake word again.

        Raises BusyError while another recording plays, UnavailableError when the loop is still
        deaf after `patience_s`: right after the start it has to load its engines first.
        """
        if self._status.recording:
            raise BusyError("Another recording is being played already.")
        self._status.set_recording(True)
        try:
            await self._status.until_able(patience_s)
            await self._status.until_idle()
            await play(frames, self._ears, self._status)
        finally:
            self._status.set_recording(False)
            self._dialogue.forget_command()

    def _make(self) -> Listener:
        listener = self._make_listener()
        listener.set_recogniser(self._recogniser)
        return listener

    def _on_ready(self) -> None:
        # It may have changed while the listener was being made.
        recogniser = self._recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(recogniser))
        self._health.set("voice", "ok")
        self._status.set_ears(True)

    def _on_heard(self, event: Heard, at_s: float) -> None:
        self._dialogue.heard(event, at_s)

    async def _listen(self) -> None:
        try:
            await self._ears.serve()
        finally:
            self._status.set_ears(False)
            self._speaker.stop()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._status.do("listening")

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begin a task that ends with the listening at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _capture(self) -> None:
        await self._microphone.serve(self._put_live)

    def _put_live(self, frame: Frame) -> None:
        if not self._status.recording:
            self._ears.put(frame)

    async def _watch_health(self) -> None:
        with self._bus.subscribe(PartHealth) as changes:
            async for change in changes:
                lost = change.part == "microphone" and change.status != "ok"
                if lost and not self._status.recording:
                    self._dialogue.forget_command()
                if change.part in ("microphone", "recognition"):
                    self._status.show()
