"""Hearing: wake words, voice activity, turn-taking and recognition over one stream of sound.

Synchronous and without a clock: the same sound gives the same events, however fast it is fed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pichat.audio.base import EchoCanceller
from pichat.audio.pcm import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ, samples
from pichat.audio.rechunk import Rechunker
from pichat.stt.base import Recogniser
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
from pichat.turn.hypothesis import Hypothesis, Judge
from pichat.turn.machine import (
    Action,
    FalseAlarm,
    GaveUp,
    Invite,
    Machine,
    Observation,
    Phase,
    SpeechEnded,
    SpeechStarted,
    Stopped,
    Woke,
)
from pichat.turn.nearby import Nearby, faint
from pichat.turn.own_voice import OwnVoice
from pichat.turn.rules import Rules
from pichat.vad.base import VoiceActivity
from pichat.wake.base import Wake, WakeWords

OpenRecogniser = Callable[[], Recogniser]
"""Opens a recogniser for the names of the house as they are now. It blocks for milliseconds."""

_KEPT_S = 2.5  # a wake word with what led to it
_WARM_UP_S = 1.0
_SCORES_S = 0.25
_LEAST_SCORE = 0.1
_HELD = (Phase.BEFORE_SPEECH, Phase.IN_SPEECH, Phase.INTO_ANSWER, Phase.FOLLOWING_UP)
_IN_COMMAND = (Phase.IN_SPEECH, Phase.INTO_ANSWER)
_OWN_VOICE = (Phase.SPEAKING, Phase.INTO_ANSWER)


class StopPhrases(Protocol):
    """Spots the phrases that end an answer."""

    def process(self, pcm: bytes) -> str | None: ...

    def reset(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What a listener hears with. Without `wake_words` only a button begins a turn; without a
    `canceller` PiChat's own voice stays in the sound."""

    wake_words: WakeWords | None
    voice_activity: VoiceActivity
    judge: Judge
    stop_phrases: StopPhrases | None = None
    canceller: EchoCanceller | None = None


class Listener:
    """Takes 16 kHz mono int16 and gives events. One thread at a time.

    Voice activity is computed only during a turn, which saves a third of the idle cost; it is
    warmed up on the last second before. Without a recogniser it hears nothing.
    """

    def __init__(self, rules: Rules, engines: Engines) -> None:
        self._rules = rules
        self._engines = engines
        self._machine = Machine(rules)
        self._hypothesis = Hypothesis(engines.judge, rules.complete_silence_s)
        self._nearby = Nearby()
        self._own_voice = OwnVoice()
        self._open: OpenRecogniser | None = None
        self._opened: OpenRecogniser | None = None
        self._blocks = Rechunker(BLOCK_BYTES)
        self._kept: deque[bytes] = deque(maxlen=samples(_KEPT_S) // BLOCK_SAMPLES)
        self._own_sound = False
        self._button = False
        self._near = True
        self._unscored = 0
        self._untidy = False  # the recogniser has not ended its last command

    @property
    def phase(self) -> Phase:
        return self._machine.phase

    def feed(self, pcm: bytes) -> list[Heard]:
        """Take the next sound, of any length; what happened in it, in order."""
        events: list[Heard] = []
        for block in self._blocks.feed(pcm):
            events += self._feed_block(block)
        return events

    def set_recogniser(self, open_recogniser: OpenRecogniser | None) -> None:
        """Use another recogniser from the next command on; the one before is closed then."""
        self._open = open_recogniser

    def own_sound(self, playing: bool) -> None:
        """PiChat's feedback sound begins or ends; meanwhile nobody knows who speaks."""
        self._own_sound = playing

    def begin(self) -> None:
        """A turn begins with the next sound, as if the wake word had been said."""
        self._button = True

    def speaking(self, *, again: bool = False) -> None:
        """PiChat begins to answer aloud, or goes on with an answer that was spoken into."""
        self._machine.speaking(again=again)
        if self._machine.phase is Phase.SPEAKING:
            self._answering(True)

    def finished(self, follow_up_s: float) -> None:
        """The turn is over and heard to its end: wait so long for another command."""
        self._answering(False)
        self._machine.finished(follow_up_s)
        if self._machine.phase is Phase.FOLLOWING_UP:
            self._warm_up()

    def abandon(self) -> None:
        """Forget a command that was being heard, or was about to be."""
        self._button = False
        self._machine.abandon()
        self._hypothesis.drop()

    def close(self) -> None:
        """Release the engines."""
        self._hypothesis.close()
        if self._engines.wake_words is not None:
            self._engines.wake_words.close()
        if self._engines.stop_phrases is not None:
            self._engines.stop_phrases.close()

    def _feed_block(self, block: bytes) -> list[Heard]:
        machine, engines = self._machine, self._engines
        if self._untidy:  # what was heard is on its way by now
            self._untidy = False
            self._hypothesis.drop()
        if machine.phase is Phase.LISTENING:
            self._renew_recogniser()
        if not self._hypothesis.able:
            return []
        heard = unspoilt = block
        if engines.canceller is not None:
            block = engines.canceller.clean(heard)
            unspoilt = engines.canceller.unspoilt
            self._own_voice.note(heard, block)
        self._kept.append(block)
        wake = self._hear_wake_words(heard)
        events = self._scores(wake)
        woke = self._button or (wake is not None and not wake.near_miss)
        before = machine.phase
        speech = None
        if before in _HELD or (before is Phase.SPEAKING and self._rules.barge_in):
            speech = self._speech(block)
        stop = None
        if before in _OWN_VOICE and engines.stop_phrases is not None:
            stop = engines.stop_phrases.process(unspoilt)
            if self._own_voice.alone:
                stop = None
        if before in _IN_COMMAND:
            quiet = speech is not None and speech < self._rules.speech_on
            text = self._hypothesis.feed(block if self._near else faint(block), quiet=quiet)
            events += [HeardPartial(0.0, text)] if text else []
        seen = Observation(
            BLOCK_SAMPLES,
            wake=woke,
            stop=stop is not None,
            speech=speech,
            own_sound=self._own_sound,
            hypothesis=self._hypothesis.completeness,
        )
        for action in machine.observe(seen):
            events += self._act(action, wake, stop)
        return events

    def _hear_wake_words(self, heard: bytes) -> Wake | None:
        """In the sound as it was: cancelling spoils a word that is said into an answer more than
        the answer does. PiChat's own voice calls nobody."""
        words = self._engines.wake_words
        wake = words.process(heard) if words is not None else None
        return None if wake is None or self._own_voice.alone else wake

    def _speech(self, block: bytes) -> float | None:
        """The likelihood that whoever called, or is as near, speaks."""
        in_command = self._machine.phase in _IN_COMMAND
        self._near = self._nearby.hear(block, in_command=in_command)
        speech = self._engines.voice_activity.process(block)
        return speech if speech is None or self._near else 0.0

    def _renew_recogniser(self) -> None:
        if self._opened is not self._open:
            self._opened = self._open
            self._hypothesis.use(self._open() if self._open else None)

    def _scores(self, wake: Wake | None) -> list[Heard]:
        events: list[Heard] = []
        words = self._engines.wake_words
        self._unscored += 1
        if words is not None and self._unscored * BLOCK_SAMPLES >= samples(_SCORES_S):
            self._unscored = 0
            scores = words.scores()
            if any(score >= _LEAST_SCORE for each in scores.values() for score in each.values()):
                events.append(HeardScores(0.0, scores))
        if wake is not None and wake.near_miss:
            events.append(HeardNearMiss(0.0, wake.word, wake.scores, b"".join(self._kept)))
        return events

    def _act(self, action: Action, wake: Wake | None, stop: str | None) -> list[Heard]:
        ago_s = (self._machine.now - action.at) / SAMPLE_RATE_HZ
        match action:
            case Woke():
                return [self._wake(ago_s, wake)]
            case Invite():
                return [HeardInvite(ago_s)]
            case SpeechStarted(audio_from=audio_from, phase=phase):
                self._begin_command(audio_from)
                if phase is Phase.SPEAKING:
                    return [HeardIntoAnswer(ago_s)]
                return [HeardSpeech(ago_s, phase is Phase.FOLLOWING_UP)]
            case SpeechEnded(why=why):
                return self._end_command(ago_s, why)
            case Stopped():
                self._hypothesis.drop()
                self._answering(False)
                return [HeardStop(ago_s, stop or "")]
            case GaveUp():
                self._hypothesis.drop()
                return [HeardNothing(ago_s)]
            case FalseAlarm():
                self._hypothesis.drop()
                return [HeardFalseAlarm(ago_s)]
        return []

    def _wake(self, ago_s: float, wake: Wake | None) -> HeardWake:
        self._button = False
        self._hypothesis.drop()
        self._answering(False)
        self._warm_up()
        if wake is None:
            return HeardWake(ago_s, "")
        self._nearby.called(tuple(self._kept))
        return HeardWake(ago_s, wake.word, wake.scores, b"".join(self._kept))

    def _answering(self, speaking: bool) -> None:
        """While PiChat speaks, its own voice may be in what is heard."""
        engines = self._engines
        if engines.wake_words is not None:
            engines.wake_words.be_strict(speaking)
        if speaking and engines.stop_phrases is not None:
            engines.stop_phrases.reset()
        if speaking and self._rules.barge_in:
            self._warm_up()

    def _warm_up(self) -> None:
        self._engines.voice_activity.reset()
        for block in tuple(self._kept)[-samples(_WARM_UP_S) // BLOCK_SAMPLES :]:
            self._engines.voice_activity.process(block)

    def _begin_command(self, audio_from: int) -> None:
        count = -(-(self._machine.now - audio_from) // BLOCK_SAMPLES)
        self._hypothesis.begin(self._nearby.begin(tuple(self._kept)[-count:]))

    def _end_command(self, ago_s: float, why: str) -> list[Heard]:
        pcm = self._hypothesis.pcm
        if why != "complete":
            return [HeardEnd(ago_s, self._hypothesis.finish(), why, pcm)]
        candidates = self._hypothesis.complete()
        if candidates is None:
            # Looked at again it is no whole command: whoever spoke may be going on.
            self._machine.reopen()
            return []
        self._untidy = True
        return [HeardEnd(ago_s, candidates, why, pcm)]
