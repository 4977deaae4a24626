"""One spoken turn after the other: what was heard becomes a turn, and its answer is said."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from pichat.bus import Bus
from pichat.events import LOCAL_STATION, AnswerHeard, Milestone, Transcript, VoiceHeard, WakeScored
from pichat.turn.ears import Command
from pichat.turn.floor import Floor
from pichat.turn.heard import (
    Heard,
    HeardEnd,
    HeardFalseAlarm,
    HeardIntoAnswer,
    HeardInvite,
    HeardNearMiss,
    HeardNothing,
    HeardPartial,
    HeardScores,
    HeardSpeech,
    HeardStop,
    HeardWake,
)
from pichat.turn.mouth import Answer, Mouth
from pichat.turn.persona import Persona
from pichat.turn.reply import Replier, Reply, Spoken
from pichat.turn.status import Status

_LONGEST_CHAT = 4
_SITTING_S = 600.0  # after a longer silence it is another conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How a station talks. `called`: who answers to a wake word, or to a button ("")."""

    station: str = LOCAL_STATION
    area: str | None = None
    called: Callable[[str], Persona]
    chimes: bool
    follow_up_s: float
    question_s: float  # how long it waits for the answer to a question of its own


@dataclass(slots=True, kw_only=True)
class Turn:
    """What is said between a wake word, or a follow-up, and the end of the answer."""

    id: str
    persona: Persona
    asked: bool  # False: nobody said the wake word, so what is no command was not meant for us
    chimed: bool = False
    task: asyncio.Task[None] | None = None


class Dialogue:
    """Follows what the ears heard through one turn at a time.

    `tell` reaches the listener; `start` begins a task whose owner is the caller; `keep` takes the
    sound of a command, of a wake or of a near miss. Publishes Transcript, VoiceHeard, AnswerHeard
    and WakeScored.
    """

    def __init__(
        self,
        manners: Manners,
        replier: Replier,
        mouth: Mouth,
        status: Status,
        bus: Bus,
        floor: Floor,
        *,
        tell: Callable[[Command], None],
        start: Callable[[Coroutine[None, None, None]], asyncio.Task[None]],
        keep: Callable[[str, Heard], None],
    ) -> None:
        self._manners = manners
        self._replier = replier
        self._mouth = mouth
        self._status = status
        self._bus = bus
        self._floor = floor
        self._tell = tell
        self._start = start
        self._keep = keep
        self._turn = Turn(id="", persona=Persona(), asked=False)
        self._answered: Turn | None = None  # while somebody speaks into its answer
        self._expects_reply = False  # PiChat has just asked something, or chats
        self._chatted = 0  # answers of a model since the wake word
        self._conversation_id = ""
        self._talked_s = -_SITTING_S

    def heard(self, event: Heard, at_s: float) -> None:
        """Go on with `event`, which happened at `at_s` of the event loop's time."""
        turn = self._turn
        match event:
            case HeardWake():
                self._wake(event, at_s)
            case HeardInvite():
                self._chime(turn)
            case HeardSpeech(follow_up=follow_up):
                if follow_up:
                    turn = self._follow_up(at_s)
                self._milestone(turn, "speech_start", at_s)
            case HeardPartial(text=text):
                self._bus.publish(Transcript(turn_id=turn.id, text=text, final=False))
            case HeardIntoAnswer():
                self._pause(turn, at_s)
            case HeardFalseAlarm():
                self._go_on(at_s)
            case HeardEnd():
                self._end_speech(turn, event, at_s)
            case HeardStop():
                self._interrupt("stop word", at_s)
            case HeardNothing():
                self._nothing(turn, at_s)
            case HeardScores(scores=scores):
                self._bus.publish(WakeScored(scores=scores, station=self._manners.station))
            case HeardNearMiss(word=word, scores=scores):
                self._keep("", event)
                near = {engine: {word: score} for engine, score in scores.items()}
                self._bus.publish(
                    WakeScored(scores=near, near_miss=word, station=self._manners.station)
                )

    def forget_command(self) -> None:
        """The sound was lost in the middle: back to listening, if a command was being heard."""
        self._tell(lambda listener: listener.abandon())
        if self._status.doing in ("hearing", "following_up"):
            if self._answered is not None:
                self._go_on(self._now_s())
                return
            if self._status.doing == "hearing":
                self._milestone(self._turn, "gave_up", self._now_s(), "sound lost")
            self._status.do("listening")

    def interrupt(self) -> None:
        """A button: be silent, and forget what is being said."""
        self._tell(lambda listener: listener.abandon())
        self._interrupt("button", self._now_s())

    def _wake(self, event: HeardWake, at_s: float) -> None:
        turn = Turn(id=uuid.uuid4().hex, persona=self._manners.called(event.word), asked=True)
        self._chatted = 0
        self._keep(turn.id, event)
        by = "wake word" if event.word else "button"
        for earlier in (self._answered, self._turn):
            if earlier is not None and earlier.task is not None:
                self._cancel(earlier, by, at_s)
        self._answered, self._turn = None, turn
        if event.word and not self._floor.claim(self._manners.station, at_s):
            self._milestone(turn, "stood_down", at_s)
            self._tell(lambda listener: listener.abandon())
            self._status.do("listening")
            return
        self._milestone(turn, "wake", at_s, event.word or "button", dict(event.scores))
        self._status.do("hearing")
        if not event.word:
            self._chime(turn)

    def _pause(self, turn: Turn, at_s: float) -> None:
        if turn.task is not None:  # else it ended in this moment
            self._mouth.pause()
            self._milestone(turn, "paused", at_s)
        self._answered, self._turn = turn, self._next_turn(asked=False)
        self._status.do("hearing")

    def _follow_up(self, at_s: float) -> Turn:
        self._turn = turn = self._next_turn(asked=self._expects_reply)
        self._milestone(turn, "wake", at_s, "follow_up")
        self._status.do("hearing")
        return turn

    def _end_speech(self, turn: Turn, event: HeardEnd, at_s: float) -> None:
        capped = event.why == "capped"
        self._keep(turn.id, event)
        if self._answered is None:
            self._milestone(turn, "capped" if capped else "speech_end", at_s, event.why)
        if turn.asked:
            self._chime(turn)  # in one breath there was no moment for it before
        self._status.do("thinking")
        turn.task = self._start(self._take_turn(turn, event, at_s))

    def _nothing(self, turn: Turn, at_s: float) -> None:
        if self._status.doing == "hearing":
            self._milestone(turn, "gave_up", at_s)
        self._status.do("listening")

    def _go_on(self, at_s: float) -> None:
        """What was said into the answer meant nothing: speak on where it was left."""
        if self._answered is None:
            return
        self._turn, self._answered = self._answered, None
        self._mouth.resume()
        if self._turn.task is None:  # it ended meanwhile: the speaker was lost
            self._rest(0.0)
            return
        self._milestone(self._turn, "resumed", at_s)
        self._tell(lambda listener: listener.speaking(again=True))
        self._status.do("speaking")

    def _interrupt(self, by: str, at_s: float) -> None:
        if self._answered is not None:
            self._turn, self._answered = self._answered, None
        turn = self._turn
        if turn.task is not None:
            self._cancel(turn, by, at_s)
        elif self._status.doing == "hearing":
            self._milestone(turn, "gave_up", at_s, by)
        self._rest(0.0)

    def _rest(self, follow_up_s: float) -> None:
        """The turn is over: wait so long for another command, then for the wake word."""
        self._tell(lambda listener: listener.finished(follow_up_s))
        self._status.do("following_up" if follow_up_s else "listening")

    def _cancel(self, turn: Turn, by: str, at_s: float) -> None:
        """Leaving the turn's iteration cancels what is left of it."""
        if turn.task is not None:
            turn.task.cancel()
            turn.task = None
        self._mouth.stop()
        self._milestone(turn, "interrupted", at_s, by)

    def _chime(self, turn: Turn) -> None:
        if turn.chimed or not self._manners.chimes:
            return
        turn.chimed = True
        self._start(self._mouth.chime(self._own_sound))

    def _own_sound(self, playing: bool) -> None:
        self._tell(lambda listener: listener.own_sound(playing))

    def _milestone(
        self,
        turn: Turn,
        what: Milestone,
        at_s: float,
        detail: str = "",
        scores: dict[str, float] | None = None,
    ) -> None:
        event = VoiceHeard(
            turn_id=turn.id,
            what=what,
            at_s=at_s,
            detail=detail,
            scores=scores or {},
            station=self._manners.station,
        )
        self._bus.publish(event)

    async def _take_turn(self, turn: Turn, event: HeardEnd, at_s: float) -> None:
        """Answer one command; it never raises but when cancelled."""
        spoken = Spoken(
            turn_id=turn.id,
            conversation_id=self._conversation(),
            persona=turn.persona,
            area=self._manners.area,
            # Through PiChat's own voice much is misheard: there only the likeliest counts.
            candidates=event.candidates[:1] if self._answered else event.candidates,
            pcm=event.pcm,
            asked=turn.asked,
            milestone=lambda what, detail: self._milestone(turn, what, self._now_s(), detail),
        )
        heard = await self._replier.make_out(spoken)
        if heard is None:
            self._not_for_us(turn)
            return
        if self._answered is not None:
            self._cancel(self._answered, "speech", at_s)
            self._answered = None
            self._milestone(turn, "wake", at_s, "interruption")
            self._milestone(turn, "speech_end", at_s, event.why)
        answer = self._mouth.answer(
            turn.persona,
            on_start=lambda: self._start_speaking(turn),
            on_first=lambda first_s: self._milestone(turn, "first_audio", first_s),
        )
        await self._answer(turn, heard, answer)

    async def _answer(self, turn: Turn, heard: Spoken, answer: Answer) -> None:
        whole, reply = False, Reply("")
        try:
            reply = await self._replier.reply(heard, answer)
            whole = await answer.finish()
            if whole:
                self._milestone(turn, "spoken", self._now_s())
        finally:
            await answer.cancel()
            if answer.aloud:
                self._bus.publish(
                    AnswerHeard(
                        turn_id=turn.id, text=reply.text if whole else answer.heard(), whole=whole
                    )
                )
            self._end_turn(turn, reply)

    def _not_for_us(self, turn: Turn) -> None:
        """Speech that nobody asked for and that is no command: as if it had not been heard."""
        turn.task = None
        if self._answered is not None:
            self._go_on(self._now_s())
            return
        self._milestone(turn, "gave_up", self._now_s(), "no command")
        self._rest(0.0)

    def _start_speaking(self, turn: Turn) -> None:
        if turn is self._turn:
            self._tell(lambda listener: listener.speaking())
            self._status.do("speaking")

    def _end_turn(self, turn: Turn, reply: Reply) -> None:
        turn.task = None
        self._talked_s = self._now_s()
        # A turn that was interrupted ends while the next one is being heard already.
        if turn is not self._turn or self._status.doing not in ("thinking", "speaking"):
            return
        # "Never mind" has no answer, and wants no more of us.
        follow_up_s = self._manners.follow_up_s if reply.text else 0.0
        asks = reply.text.rstrip().endswith("?")
        # A chat goes on without the wake word; one with a television must end by itself.
        self._chatted = self._chatted + 1 if reply.by_model else 0
        self._expects_reply = asks or 0 < self._chatted <= _LONGEST_CHAT
        if asks:
            follow_up_s = max(follow_up_s, self._manners.question_s)
        self._rest(follow_up_s)

    def _next_turn(self, *, asked: bool) -> Turn:
        """The conversation goes on without a wake word."""
        before = self._turn
        return Turn(
            id=uuid.uuid4().hex,
            persona=before.persona,
            asked=asked,
            chimed=True,
        )

    def _conversation(self) -> str:
        """The one that goes on here, or a new one."""
        if self._now_s() - self._talked_s >= _SITTING_S:
            self._conversation_id = f"{self._manners.station}-{uuid.uuid4().hex}"
        self._talked_s = self._now_s()
        return self._conversation_id

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
