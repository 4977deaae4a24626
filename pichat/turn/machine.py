"""Turn-taking as a pure function of what is observed and of time, which is counted in samples.

 listening ─wake─▶ before speech ─speech─▶ in speech ─end─▶ thinking ─▶ speaking ─▶ following up
     ▲                   │ gave up            ▲  ▲                       │  ▲            │   │
     ├───────────────────┘                    │  └──── speech ───────────┼──┼────────────┘   │
     ├────────────────────────────────────────┼──────────── stop phrase ─┤  │ false alarm    │
     │                                        └─ into the answer ◀─speech┘  │                │
     │                                                  └───────────────────┘                │
     └──────────────────────────────────────────────────────────────────────────── nobody ───┘
The wake word, or a button, begins a new turn out of every phase. Being muted and having lost the
sound are no states of this machine: it is then not fed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pichat.audio.pcm import samples
from pichat.intents.complete import Completeness
from pichat.turn.rules import Rules


class Phase(Enum):
    LISTENING = "listening"
    BEFORE_SPEECH = "before_speech"
    IN_SPEECH = "in_speech"
    THINKING = "thinking"
    SPEAKING = "speaking"
    INTO_ANSWER = "into_answer"
    FOLLOWING_UP = "following_up"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engines say of the next `samples` of sound. `wake`: a wake word, or a button, has
    just been recognised; `stop`: a stop phrase. `speech` is None while the detector cannot tell;
    `own_sound` while PiChat's own feedback sound may be in the microphone. `hypothesis`: what the
    recogniser holds of the command."""

    samples: int
    wake: bool = False
    stop: bool = False
    speech: float | None = None
    own_sound: bool = False
    hypothesis: Completeness = Completeness.UNKNOWN


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do about what happened at the position `at`."""

    at: int


class Woke(Action):
    """A turn begins."""


class Invite(Action):
    """The person said the wake word and waits to be asked."""


@dataclass(frozen=True, slots=True)
class SpeechStarted(Action):
    """Speech began at `at`; recognition should hear everything since `audio_from`. `phase`: where
    it came from: before speech, following up, or speaking (PiChat should pause)."""

    audio_from: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class SpeechEnded(Action):
    """Speech ended at `at`, which is before the silence that showed it. `why`: complete, silence,
    open, or capped: it still went on at the longest utterance's end."""

    why: str


class GaveUp(Action):
    """Nobody spoke, or nobody to PiChat."""


class FalseAlarm(Action):
    """The speech into the answer meant nothing: go on speaking."""


class Stopped(Action):
    """A stop phrase ended the answer."""


Actions = tuple[Action, ...]


class Machine:
    """Positions (`at`, `now`) are samples since the machine's start."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.phase = Phase.LISTENING
        self.now = 0
        self._began_at = 0  # of the wait for speech
        self._wait_s = 0.0  # for how long to wait for it
        self._waited = 0  # known time before speech
        self._silence = 0  # known time without speech, since the last
        self._invited = False
        self._talking = False
        self._run_at: int | None = None  # where the present stretch of speech began
        self._asked = True  # False: the speech began without a wake word
        self._speech_at = 0
        self._last_speech_at = 0
        self._complete = 0  # for how long the hypothesis has been a whole command
        self._doubted = False  # it turned out not to be one
        self._bargeable = False
        self._steps: dict[Phase, Callable[[Observation], Actions]] = {
            Phase.BEFORE_SPEECH: self._before_speech,
            Phase.FOLLOWING_UP: self._following_up,
            Phase.IN_SPEECH: self._in_speech,
            Phase.SPEAKING: self._speaking,
            Phase.INTO_ANSWER: self._into_answer,
        }

    def observe(self, seen: Observation) -> Actions:
        """Advance by one observation."""
        self.now += seen.samples
        if seen.wake:
            self._wait(Phase.BEFORE_SPEECH, self._rules.no_speech_timeout_s)
            return (Woke(self.now),)
        step = self._steps.get(self.phase)
        return step(seen) if step else ()

    def speaking(self, *, again: bool = False) -> None:
        """PiChat has begun to answer aloud, or goes on with an answer that speech had interrupted
        (`again`), which plain speech then does not interrupt once more."""
        if self.phase is Phase.THINKING:
            self.phase = Phase.SPEAKING
            self._bargeable = self._rules.barge_in and not again
            self._talking, self._run_at = False, None

    def reopen(self) -> None:
        """The command that seemed to have ended was none: hear on."""
        if self.phase is Phase.THINKING:
            self.phase = Phase.IN_SPEECH
            self._doubted = True
            self._complete = 0

    def finished(self, follow_up_s: float) -> None:
        """The turn is over and heard to its end: wait so long for another command, without the
        wake word. A turn that began since is left alone."""
        if self.phase not in (Phase.THINKING, Phase.SPEAKING):
            return
        if follow_up_s > 0:
            self._wait(Phase.FOLLOWING_UP, follow_up_s)
        else:
            self.phase = Phase.LISTENING

    def abandon(self) -> None:
        """The sound was lost, or the person wants nothing: whoever was being heard is not heard
        any more. An answer goes on."""
        if self.phase is Phase.INTO_ANSWER:
            self.phase = Phase.SPEAKING
        elif self.phase not in (Phase.THINKING, Phase.SPEAKING):
            self.phase = Phase.LISTENING

    def _wait(self, phase: Phase, wait_s: float) -> None:
        self.phase = phase
        self._began_at = self.now
        self._wait_s = wait_s
        self._waited = self._silence = 0
        self._invited = self._talking = False
        self._run_at = None

    def _judge(self, seen: Observation) -> bool | None:
        """Is somebody talking? None: unknown, which is neither speech nor silence."""
        if seen.speech is None or seen.own_sound:
            return None
        threshold = self._rules.speech_off if self._talking else self._rules.speech_on
        self._talking = seen.speech >= threshold
        return self._talking

    def _before_speech(self, seen: Observation) -> Actions:
        rules = self._rules
        talking = self._judge(seen)
        if talking is None:
            # Even a detector that never makes up its mind must not hold the turn open for ever.
            return self._give_up(self._wait_s + rules.longest_utterance_s, self._since_began)
        self._waited += seen.samples
        if talking:
            self._silence = 0
            run = self._run_start(seen.samples)
            needed_s = rules.wake_tail_s if run <= self._began_at else rules.start_speech_s
            return self._start(needed_s, self._began_at - samples(rules.wake_overlap_s))
        self._run_at = None
        self._silence += seen.samples
        if not self._invited and self._silence >= samples(rules.invite_after_s):
            self._invited = True
            return (Invite(self.now),)
        return self._give_up(self._wait_s, self._waited)

    def _following_up(self, seen: Observation) -> Actions:
        talking = self._judge(seen)
        if talking:
            self._run_start(seen.samples)
            return self._start(self._rules.start_speech_s, self._began_at)
        if talking is False:
            self._run_at = None
        return self._give_up(self._wait_s, self._since_began)

    def _speaking(self, seen: Observation) -> Actions:
        if seen.stop:
            return self._stop()
        talking = self._judge(seen)
        if not self._bargeable or not talking:
            self._run_at = None
            return ()
        self._run_start(seen.samples)
        return self._start(self._rules.barge_in_s, 0)

    def _into_answer(self, seen: Observation) -> Actions:
        if seen.stop:
            return self._stop()
        actions = self._in_speech(seen)
        late = self.now - self._began_at >= samples(self._rules.into_answer_s)
        if not actions and late and seen.hypothesis is Completeness.UNKNOWN:
            self.phase = Phase.SPEAKING
            self._bargeable = False  # a television would do it again and again
            return (FalseAlarm(self.now),)
        return actions

    def _run_start(self, length: int) -> int:
        """Where the stretch of speech began that goes on now."""
        if self._run_at is None:
            self._run_at = self.now - length
        return self._run_at

    def _start(self, needed_s: float, earliest: int) -> Actions:
        """The command begins once there were `needed_s` of speech."""
        run_at = self._run_at or 0
        if self.now - run_at < samples(needed_s):
            return ()
        came_from = self.phase
        self._asked = came_from is Phase.BEFORE_SPEECH
        self.phase = Phase.INTO_ANSWER if came_from is Phase.SPEAKING else Phase.IN_SPEECH
        self._began_at = self.now
        self._speech_at, self._last_speech_at = run_at, self.now
        self._silence = self._complete = 0
        self._doubted = False
        audio_from = max(0, earliest, run_at - samples(self._rules.preroll_s))
        return (SpeechStarted(run_at, audio_from, came_from),)

    def _in_speech(self, seen: Observation) -> Actions:
        rules = self._rules
        talking = self._judge(seen)
        if talking:
            self._last_speech_at = self.now
            self._silence = 0
            self._doubted = False
        elif talking is False:
            self._silence += seen.samples
        complete = seen.hypothesis is Completeness.COMPLETE
        self._complete = self._complete + seen.samples if complete else 0
        why = self._over(seen.hypothesis)
        if why:
            self.phase = Phase.THINKING
            return (SpeechEnded(self.now if why == "capped" else self._last_speech_at, why),)
        unasked = not self._asked and self.phase is Phase.IN_SPEECH
        if unasked and seen.hypothesis is Completeness.UNKNOWN:
            return self._give_up(rules.unasked_s, self.now - self._speech_at)
        return ()

    def _over(self, hypothesis: Completeness) -> str | None:
        """Why the speech has ended, if it has."""
        rules = self._rules
        needed_s, why = {
            Completeness.COMPLETE: (rules.complete_silence_s, "complete"),
            Completeness.OPEN: (rules.open_silence_s, "open"),
            Completeness.WHOLE: (rules.end_silence_s, "silence"),
            Completeness.UNKNOWN: (rules.end_silence_s, "silence"),
        }[hypothesis]
        if self._doubted and why == "complete":
            needed_s, why = rules.end_silence_s, "silence"
        if self._silence >= samples(needed_s):
            return why
        if self._complete >= samples(rules.complete_hold_s) and not self._doubted:
            return "complete"
        capped = self.now - self._speech_at >= samples(rules.longest_utterance_s)
        return "capped" if capped else None

    def _stop(self) -> Actions:
        self.phase = Phase.LISTENING
        return (Stopped(self.now),)

    def _give_up(self, limit_s: float, waited: int) -> Actions:
        if waited < samples(limit_s):
            return ()
        self.phase = Phase.LISTENING
        return (GaveUp(self.now),)

    @property
    def _since_began(self) -> int:
        return self.now - self._began_at
