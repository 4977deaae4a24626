"""The voice loop: what is heard becomes turns, and what turns answer is said."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Protocol

import structlog

from pichat.audio.base import Frame, SoundSink, SoundSource
from pichat.audio.chime import CHIME_RATE_HZ, chime
from pichat.audio.pcm import BLOCK_S, SILENT_BLOCK
from pichat.bus import Bus
from pichat.config.types import Voice
from pichat.errors import BusyError, PiChatError, UnavailableError
from pichat.events import (
    PartHealth,
    Transcript,
    TurnEvent,
    TurnFinished,
    TurnText,
    Utterance,
    VoiceChanged,
    VoiceHeard,
    VoiceState,
)
from pichat.health import Health, keep_serving
from pichat.stt.base import Recogniser
from pichat.tts.base import Synthesiser
from pichat.turn.ears import Ears
from pichat.turn.listener import (
    Heard,
    HeardEnd,
    HeardInvite,
    HeardNothing,
    HeardPartial,
    HeardSpeech,
    HeardWake,
    Listener,
)
from pichat.turn.mouth import Answer

log = structlog.get_logger(__name__)

_RETRY_S = 3.0  # a device that was plugged in is taken up within this
_TRAILING_SILENCE_S = 1.0  # detection of a wake word that ends a recording lags behind its end
_OWN_SOUND_TAIL_S = 0.1  # from the speaker's buffer through the room into a captured block
_CONVERSATION_ID = "voice"
_NOT_CAUGHT = "Sorry, I did not catch that."


class Turns(Protocol):
    """Who understands, acts and answers. Ending the iteration early cancels the turn."""

    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]: ...


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
        self._config = config
        self._make_listener = listener
        self._microphone = microphone
        self._speaker = speaker
        self._synthesiser = synthesiser
        self._turns = turns
        self._bus = bus
        self._health = health
        self._language = language
        self._ears = Ears(self._make, self._on_heard, self._on_ready)
        self._recogniser: Recogniser | None = None
        self._no_recogniser = "I am still learning the names of the house."
        self._doing: VoiceState = "listening"
        self._idle = asyncio.Event()
        self._idle.set()
        self._shown = VoiceChanged(state="deaf", reason="The voice loop is starting.")
        self._ready = False
        self._file_plays = False
        self._turn_id = ""
        self._chimed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn: asyncio.Task[None] | None = None

    @property
    def state(self) -> VoiceChanged:
        """The state that was last published."""
        return self._shown

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
        self._no_recogniser = reason or self._no_recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(recogniser))
        self._show()

    async def hear(self, frames: AsyncIterator[bytes], *, patience_s: float = 10.0) -> None:
        """Hear 16 kHz mono int16 sound instead of the microphone, at the pace of real time,
        followed by silence until the loop listens for the wake word again.

        Raises BusyError while another recording plays, UnavailableError when the loop is still
        deaf after `patience_s`: right after the start it has to load its engines first.
        """
        if self._file_plays:
            raise BusyError("Another recording is being played already.")
        self._file_plays = True
        try:
            await self._until_able(patience_s)
            await self._idle.wait()
            pace = _Pace()
            async for pcm in frames:
                await self._hear_block(pcm, pace)
            for _ in range(round(_TRAILING_SILENCE_S / BLOCK_S)):
                await self._hear_block(SILENT_BLOCK, pace)
            while not self._idle.is_set():
                await self._hear_block(SILENT_BLOCK, pace)
        finally:
            self._file_plays = False
            if self._doing == "hearing":
                self._forget_command()
            self._show()

    # --- hearing -------------------------------------------------------------------------------

    def _make(self) -> Listener:
        listener = self._make_listener()
        listener.set_recogniser(self._recogniser)
        return listener

    def _on_ready(self) -> None:
        self._ready = True
        # It may have changed while the listener was being made.
        recogniser = self._recogniser
        self._ears.tell(lambda listener: listener.set_recogniser(recogniser))
        self._health.set("voice", "ok")
        self._show()

    async def _listen(self) -> None:
        try:
            await self._ears.serve()
        finally:
            self._ready = False
            self._speaker.stop()
            tasks = tuple(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._do("listening")

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Begin a task that ends with the listening at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _capture(self) -> None:
        await self._microphone.serve(self._put_live)

    def _put_live(self, frame: Frame) -> None:
        if not self._file_plays:
            self._ears.put(frame)

    async def _until_able(self, patience_s: float) -> None:
        with self._bus.subscribe(VoiceChanged) as changes:
            self._show()
            try:
                async with asyncio.timeout(patience_s):
                    while self._why_deaf():
                        await changes.get()
            except TimeoutError:
                raise UnavailableError(self._why_deaf() or "The voice loop is deaf.") from None

    async def _hear_block(self, pcm: bytes, pace: _Pace) -> None:
        await pace.wait(len(pcm))
        await self._ears.put_and_wait(Frame(pcm, time.monotonic()))

    async def _watch_health(self) -> None:
        with self._bus.subscribe(PartHealth) as changes:
            async for change in changes:
                lost = change.part == "microphone" and change.status != "ok"
                if lost and not self._file_plays and self._doing == "hearing":
                    self._forget_command()
                if change.part in ("microphone", "recognition"):
                    self._show()

    def _forget_command(self) -> None:
        self._ears.tell(lambda listener: listener.abandon())
        self._do("listening")

    def _on_heard(self, event: Heard, at_s: float) -> None:
        match event:
            case HeardWake():
                if self._turn is not None:
                    # Barge-in: leaving the turn's iteration cancels what is left of it.
                    self._turn.cancel()
                    self._speaker.stop()
                self._turn_id = uuid.uuid4().hex
                self._chimed = False
                self._milestone("wake", at_s)
                self._do("hearing")
            case HeardInvite():
                self._chime()
            case HeardSpeech():
                self._milestone("speech_start", at_s)
            case HeardPartial(text=text):
                self._bus.publish(Transcript(turn_id=self._turn_id, text=text, final=False))
            case HeardEnd(candidates=candidates, capped=capped):
                self._milestone("capped" if capped else "speech_end", at_s)
                self._chime()  # in one breath there was no moment for it before
                self._do("thinking")
                self._turn = self._start(self._take_turn(candidates))
            case HeardNothing():
                self._milestone("gave_up", at_s)
                self._do("listening")

    def _milestone(self, what: str, at_s: float) -> None:
        event = VoiceHeard(turn_id=self._turn_id, what=what, at_s=at_s)  # type: ignore[arg-type]
        self._bus.publish(event)

    # --- answering -----------------------------------------------------------------------------

    def _chime(self) -> None:
        if self._chimed or not self._config.feedback_sound:
            return
        self._chimed = True
        self._start(self._play_chime())

    async def _play_chime(self) -> None:
        try:
            playback = self._speaker.begin()
            self._ears.tell(lambda listener: listener.own_sound(True))
            try:
                await playback.write(_once(chime()), CHIME_RATE_HZ)
                await playback.finish()
                await asyncio.sleep(_OWN_SOUND_TAIL_S)
            finally:
                self._ears.tell(lambda listener: listener.own_sound(False))
        except UnavailableError:
            log.debug("no speaker for the feedback sound")

    async def _take_turn(self, candidates: tuple[str, ...]) -> None:
        """Answer one command; it never raises but when cancelled."""
        turn_id = self._turn_id
        text = candidates[0] if candidates else ""
        self._bus.publish(Transcript(turn_id=turn_id, text=text, final=True))
        answer = Answer(
            self._synthesiser,
            self._speaker,
            self._health,
            self._language,
            on_start=lambda: self._start_speaking(turn_id),
            on_first=lambda at_s: self._milestone("first_audio", at_s),
        )
        try:
            if candidates:
                await self._run_turn(turn_id, candidates, answer)
            else:
                await answer.add(_NOT_CAUGHT)
            if await answer.finish():
                self._milestone("spoken", time.monotonic())
        finally:
            await answer.cancel()
            self._end_turn(turn_id)

    async def _run_turn(self, turn_id: str, candidates: tuple[str, ...], answer: Answer) -> None:
        utterance = Utterance(
            candidates=candidates,
            source="voice",
            turn_id=turn_id,
            conversation_id=_CONVERSATION_ID,
        )
        said = False
        try:
            events = self._turns.run(utterance)
            async with aclosing(events) as stream:  # type: ignore[type-var]
                async for event in stream:
                    if isinstance(event, TurnText):
                        said = True
                        await answer.add(event.text)
                    elif isinstance(event, TurnFinished) and not said:
                        await answer.add(event.text)
        except PiChatError as error:
            await answer.add(error.sentence)
        except Exception:  # the owner's boundary: a defect in a turn must not end the listening
            log.exception("turn failed", turn_id=turn_id)
            await answer.add("Something went wrong; the log has more.")

    def _start_speaking(self, turn_id: str) -> None:
        if turn_id == self._turn_id:
            self._ears.tell(lambda listener: listener.speaking())
            self._do("speaking")

    def _end_turn(self, turn_id: str) -> None:
        # A turn that was interrupted ends while the next one is being heard already.
        if turn_id == self._turn_id and self._doing in ("thinking", "speaking"):
            self._turn = None
            self._ears.tell(lambda listener: listener.finished())
            self._do("listening")

    # --- showing -------------------------------------------------------------------------------

    def _do(self, state: VoiceState) -> None:
        self._doing = state
        if state == "listening":
            self._idle.set()
        else:
            self._idle.clear()
        self._show()

    def _show(self) -> None:
        """Publish the state if it differs from what was published last."""
        reason = self._why_deaf() if self._doing == "listening" else None
        now = VoiceChanged(state="deaf" if reason else self._doing, reason=reason)
        if now != self._shown:
            self._shown = now
            self._bus.publish(now)

    def _why_deaf(self) -> str | None:
        parts = self._health.parts()
        voice, microphone = parts.get("voice"), parts.get("microphone")
        recognition = parts.get("recognition")
        if not self._ready:
            return (voice and voice.reason) or "The voice loop is starting."
        if self._recogniser is None:
            return (recognition and recognition.reason) or self._no_recogniser
        if self._file_plays or (microphone is not None and microphone.status == "ok"):
            return None
        return (microphone and microphone.reason) or "The microphone is being opened."


class _Pace:
    """Lets sound through no faster than it was spoken."""

    def __init__(self) -> None:
        self._due_s = time.monotonic()

    async def wait(self, pcm_bytes: int) -> None:
        """Return when sound of that length, following the sound before, would have been heard."""
        self._due_s += pcm_bytes / len(SILENT_BLOCK) * BLOCK_S
        delay_s = self._due_s - time.monotonic()
        if delay_s > 0:
            await asyncio.sleep(delay_s)


async def _once(pcm: bytes) -> AsyncIterator[bytes]:
    yield pcm
