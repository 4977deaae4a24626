"""Turn-taking as a pure function of what is observed and of time, which is counted in samples.

 listening ──wake──▶ before speech ──speech──▶ in speech ──silence, cap──▶ thinking ─▶ speaking
     ▲                     │ gave up                                          │          │
     └─────────────────────┴──────────────────────────────────────────────────┴──────────┘
The wake word while speaking starts the next turn. Being deaf is no state of this machine: it is
then not fed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pichat.audio.pcm import samples
from pichat.config.types import Voice


class Phase(Enum):
    LISTENING = "listening"
    BEFORE_SPEECH = "before_speech"
    IN_SPEECH = "in_speech"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of turn-taking."""

    wake_threshold: float = 0.5
    speech_on: float = 0.5  # hysteresis: speech begins at `on` and goes on down to `off`
    speech_off: float = 0.2
    start_speech_s: float = 0.16  # shorter sounds are no speech
    wake_tail_s: float = 0.4  # speech that runs on from the wake word for less is the word itself
    # A one-breath command began about so long before the word was detected. With more, the word's
    # last syllable is recognised too; with less, the command's first is lost. Of 141 one-breath
    # commands (three flite voices) 132 had the right one of 15 candidates at 0.22 s, 124 at 0.25,
    # 128 at 0.2, and fewer when cut at a quiet moment.
    wake_overlap_s: float = 0.22
    preroll_s: float = 0.4  # what the recogniser gets from before the speech
    invite_after_s: float = 0.3  # of silence after the wake word: the person waits
    barge_in_s: float = 0.1  # while speaking, the wake word must score this long
    end_silence_s: float = 0.4
    no_speech_timeout_s: float = 6.0
    longest_utterance_s: float = 15.0

    @classmethod
    def of(cls, config: Voice) -> Rules:
        return cls(
            end_silence_s=config.end_silence_s,
            no_speech_timeout_s=config.no_speech_timeout_s,
            longest_utterance_s=config.longest_utterance_s,
        )


@dataclass(frozen=True, slots=True)
class Observation:
    """What the engines say of the next `samples` of sound. `speech` is None while the detector
    cannot tell; `own_sound` while PiChat's own feedback sound may be in the microphone."""

    samples: int
    wake: float = 0.0
    speech: float | None = None
    own_sound: bool = False


@dataclass(frozen=True, slots=True)
class Woke:
    """The wake word was heard; `interrupts` when PiChat was speaking."""

    at: int
    interrupts: bool = False


@dataclass(frozen=True, slots=True)
class Invite:
    """The person said the wake word and waits to be asked."""

    at: int


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Speech began at `at`; recognition should hear everything since `audio_from`."""

    at: int
    audio_from: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """Speech ended at `at`, which is before the silence that showed it."""

    at: int


@dataclass(frozen=True, slots=True)
class Capped:
    """Speech was still going on at the longest utterance's end."""

    at: int


@dataclass(frozen=True, slots=True)
class GaveUp:
    """Nobody spoke after the wake word."""

    at: int


Action = Woke | Invite | SpeechStarted | SpeechEnded | Capped | GaveUp


class Machine:
    """Positions (`at`, `now`) are samples since the machine's start."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.phase = Phase.LISTENING
        self.now = 0
        self._armed = True  # False from a wake until the score has fallen again
        self._scored = 0  # for how long the wake word has been over its threshold
        self._woke_at = 0
        self._waited = 0  # known time before speech
        self._silence = 0  # known time without speech, since the last
        self._invited = False
        self._talking = False
        self._run_at: int | None = None  # where the present stretch of speech began
        self._speech_at = 0
        self._last_speech_at = 0

    def observe(self, seen: Observation) -> tuple[Action, ...]:
        """Advance by one observation."""
        self.now += seen.samples
        woke = self._hear_wake_word(seen)
        if self.phase in (Phase.LISTENING, Phase.SPEAKING):
            return (self._wake(),) if woke else ()
        if self.phase is Phase.BEFORE_SPEECH:
            return self._before_speech(seen)
        if self.phase is Phase.IN_SPEECH:
            return self._in_speech(seen)
        return ()

    def speaking(self) -> None:
        """PiChat has begun to answer aloud."""
        if self.phase is Phase.THINKING:
            self.phase = Phase.SPEAKING

    def finished(self) -> None:
        """The turn is over and heard to its end. A turn that began since is left alone."""
        if self.phase in (Phase.THINKING, Phase.SPEAKING):
            self.phase = Phase.LISTENING

    def abandon(self) -> None:
        """The sound was lost: a person who was being heard is not heard any more."""
        if self.phase in (Phase.BEFORE_SPEECH, Phase.IN_SPEECH):
            self.phase = Phase.LISTENING

    def _hear_wake_word(self, seen: Observation) -> bool:
        if seen.wake < self._rules.wake_threshold:
            self._armed = True
            self._scored = 0
            return False
        self._scored += seen.samples
        needed_s = self._rules.barge_in_s if self.phase is Phase.SPEAKING else 0.0
        return self._armed and self._scored >= samples(needed_s)

    def _wake(self) -> Woke:
        interrupts = self.phase is Phase.SPEAKING
        self.phase = Phase.BEFORE_SPEECH
        self._armed = False
        self._woke_at = self.now
        self._waited = self._silence = 0
        self._invited = self._talking = False
        self._run_at = None
        return Woke(self.now, interrupts)

    def _judge(self, seen: Observation) -> bool | None:
        """Is somebody talking? None: unknown, which is neither speech nor silence."""
        if seen.speech is None:
            return None
        threshold = self._rules.speech_off if self._talking else self._rules.speech_on
        self._talking = seen.speech >= threshold
        return self._talking

    def _before_speech(self, seen: Observation) -> tuple[Action, ...]:
        rules = self._rules
        talking = None if seen.own_sound else self._judge(seen)
        if talking is None:
            # Even a detector that never makes up its mind must not hold the turn open for ever.
            longest_s = rules.no_speech_timeout_s + rules.longest_utterance_s
            return self._give_up() if self._since(self._woke_at) >= samples(longest_s) else ()
        self._waited += seen.samples
        if talking:
            self._silence = 0
            return self._run(seen.samples) or self._timeout()
        self._run_at = None
        self._silence += seen.samples
        if not self._invited and self._silence >= samples(rules.invite_after_s):
            self._invited = True
            return (Invite(self.now),)
        return self._timeout()

    def _run(self, length: int) -> tuple[Action, ...]:
        """Speech, or the wake word's own end, goes on."""
        rules = self._rules
        if self._run_at is None:
            self._run_at = self.now - length
        from_wake_word = self._run_at <= self._woke_at
        needed_s = rules.wake_tail_s if from_wake_word else rules.start_speech_s
        if self._since(self._run_at) < samples(needed_s):
            return ()
        self.phase = Phase.IN_SPEECH
        self._speech_at = self._run_at
        self._last_speech_at = self.now
        self._silence = 0
        earliest = self._woke_at - samples(rules.wake_overlap_s)
        audio_from = max(0, earliest, self._run_at - samples(rules.preroll_s))
        return (SpeechStarted(self._speech_at, audio_from),)

    def _timeout(self) -> tuple[Action, ...]:
        waits_for_run = self._run_at is not None
        if waits_for_run or self._waited < samples(self._rules.no_speech_timeout_s):
            return ()
        return self._give_up()

    def _give_up(self) -> tuple[Action, ...]:
        self.phase = Phase.LISTENING
        return (GaveUp(self.now),)

    def _in_speech(self, seen: Observation) -> tuple[Action, ...]:
        rules = self._rules
        talking = self._judge(seen)
        if talking:
            self._last_speech_at = self.now
            self._silence = 0
        elif talking is False:
            self._silence += seen.samples
            if self._silence >= samples(rules.end_silence_s):
                self.phase = Phase.THINKING
                return (SpeechEnded(self._last_speech_at),)
        if self._since(self._speech_at) >= samples(rules.longest_utterance_s):
            self.phase = Phase.THINKING
            return (Capped(self.now),)
        return ()

    def _since(self, at: int) -> int:
        return self.now - at
