"""One spoken turn after the other: what was heard becomes a turn, and its answer is said."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import PiChatError
from pichat.events import Transcript, TurnEvent, TurnFinished, TurnText, Utterance, VoiceHeard
from pichat.turn.ears import Command
from pichat.turn.listener import (
    Heard,
    HeardEnd,
    HeardInvite,
    HeardNothing,
    HeardPartial,
    HeardSpeech,
    HeardWake,
)
from pichat.turn.mouth import Answer, Mouth
from pichat.turn.status import Status

log = structlog.get_logger(__name__)

_CONVERSATION_ID = "voice"
_NOT_CAUGHT = "Sorry, I did not catch that."


class Turns(Protocol):
    """Who understands, acts and answers. Ending the iteration early cancels the turn."""

    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]: ...


class Dialogue:
    """Follows what the ears heard through one turn at a time; the wake word interrupts a turn.

    `tell` reaches the listener; `start` begins a task whose owner is the caller. With `chimes` a
    feedback sound says, once a turn, that PiChat was woken. Publishes Transcript and VoiceHeard.
    """

    def __init__(
        self,
        turns: Turns,
        mouth: Mouth,
        status: Status,
        bus: Bus,
        *,
        tell: Callable[[Command], None],
        start: Callable[[Coroutine[None, None, None]], asyncio.Task[None]],
        chimes: bool,
    ) -> None:
        self._turns = turns
        self._mouth = mouth
        self._status = status
        self._bus = bus
        self._tell = tell
        self._start = start
        self._chimes = chimes
        self._turn_id = ""
        self._chimed = False
        self._turn: asyncio.Task[None] | None = None

    def heard(self, event: Heard, at_s: float) -> None:
        """Go on with `event`, which happened at `at_s` of time.monotonic()."""
        match event:
            case HeardWake():
                self._wake(at_s)
            case HeardInvite():
                self._chime()
            case HeardSpeech():
                self._milestone("speech_start", at_s)
            case HeardPartial(text=text):
                self._bus.publish(Transcript(turn_id=self._turn_id, text=text, final=False))
            case HeardEnd(candidates=candidates, capped=capped):
                self._milestone("capped" if capped else "speech_end", at_s)
                self._chime()  # in one breath there was no moment for it before
                self._status.do("thinking")
                self._turn = self._start(self._take_turn(candidates))
            case HeardNothing():
                self._milestone("gave_up", at_s)
                self._status.do("listening")

    def forget_command(self) -> None:
        """The sound was lost in the middle: back to listening, if a command was being heard."""
        if self._status.doing == "hearing":
            self._tell(lambda listener: listener.abandon())
            self._status.do("listening")

    def _wake(self, at_s: float) -> None:
        if self._turn is not None:
            # Barge-in: leaving the turn's iteration cancels what is left of it.
            self._turn.cancel()
            self._mouth.stop()
        self._turn_id = uuid.uuid4().hex
        self._chimed = False
        self._milestone("wake", at_s)
        self._status.do("hearing")

    def _chime(self) -> None:
        if self._chimed or not self._chimes:
            return
        self._chimed = True
        self._start(self._mouth.chime(self._own_sound))

    def _own_sound(self, playing: bool) -> None:
        self._tell(lambda listener: listener.own_sound(playing))

    def _milestone(self, what: str, at_s: float) -> None:
        event = VoiceHeard(turn_id=self._turn_id, what=what, at_s=at_s)  # type: ignore[arg-type]
        self._bus.publish(event)

    async def _take_turn(self, candidates: tuple[str, ...]) -> None:
        """Answer one command; it never raises but when cancelled."""
        turn_id = self._turn_id
        text = candidates[0] if candidates else ""
        self._bus.publish(Transcript(turn_id=turn_id, text=text, final=True))
        answer = self._mouth.answer(
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
            self._tell(lambda listener: listener.speaking())
            self._status.do("speaking")

    def _end_turn(self, turn_id: str) -> None:
        # A turn that was interrupted ends while the next one is being heard already.
        if turn_id == self._turn_id and self._status.doing in ("thinking", "speaking"):
            self._turn = None
            self._tell(lambda listener: listener.finished())
            self._status.do("listening")
