"""Hearing: wake word, voice activity, turn-taking and recognition over one stream of sound.

Synchronous and without a clock: the same sound gives the same events, however fast it is fed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_SAMPLES, SAMPLE_RATE_HZ, samples
from pichat.audio.rechunk import Rechunker
from pichat.stt.base import Recogniser
from pichat.turn.machine import (
    Action,
    Capped,
    GaveUp,
    Invite,
    Machine,
    Observation,
    Phase,
    Rules,
    SpeechEnded,
    SpeechStarted,
    Woke,
)
from pichat.vad.base import VoiceActivity
from pichat.wake.base import WakeWord

_KEPT_S = 1.5  # more than a one-breath command can lie back when its start is certain
_PARTIAL_BLOCKS = 10  # a look at the unfinished transcript each 0.2 s
_HELD = (Phase.BEFORE_SPEECH, Phase.IN_SPEECH)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something happened `ago_s` before the end of the sound that was fed."""

    ago_s: float


@dataclass(frozen=True, slots=True)
class HeardWake(Heard):
    """The wake word; `interrupts` when PiChat was speaking."""

    interrupts: bool


@dataclass(frozen=True, slots=True)
class HeardInvite(Heard):
    """The person waits after the wake word."""


@dataclass(frozen=True, slots=True)
class HeardSpeech(Heard):
    """The command began."""


@dataclass(frozen=True, slots=True)
class HeardPartial(Heard):
    """What has been recognised so far."""

    text: str


@dataclass(frozen=True, slots=True)
class HeardEnd(Heard):
    """The command ended `ago_s` before, or was `capped` while it went on. `candidates`: what it
    may have been, likeliest first; none when nothing was recognised."""

    candidates: tuple[str, ...]
    capped: bool


@dataclass(frozen=True, slots=True)
class HeardNothing(Heard):
    """Nobody spoke after the wake word: back to listening."""


class Listener:
    """Takes 16 kHz mono int16 and gives events. One thread at a time.

    Voice activity is computed only during a turn, which saves a third of the idle cost; it is
    warmed up on the last second before the wake word. Without a recogniser it hears nothing.
    """

    def __init__(
        self,
        rules: Rules,
        wake_word: WakeWord,
        voice_activity: VoiceActivity,
        recogniser: Recogniser | None = None,
    ) -> None:
        self._wake_word = wake_word
        self._voice_activity = voice_activity
        self._recogniser = recogniser
        self._next_recogniser = recogniser
        self._machine = Machine(rules)
        self._blocks = Rechunker(BLOCK_BYTES)
        self._kept: deque[bytes] = deque(maxlen=samples(_KEPT_S) // BLOCK_SAMPLES)
        self._own_sound = False
        self._recognising = False
        self._since_partial = 0
        self._partial = ""

    @property
    def phase(self) -> Phase:
        return self._machine.phase

    def feed(self, pcm: bytes) -> list[Heard]:
        """Take the next sound, of any length; what happened in it, in order."""
        events: list[Heard] = []
        for block in self._blocks.feed(pcm):
            events += self._feed_block(block)
        return events

    def set_recogniser(self, recogniser: Recogniser | None) -> None:
        """Use another recogniser from the next command on; the one before is closed then."""
        if recogniser is self._next_recogniser:
            return
        if self._next_recogniser is not None and self._next_recogniser is not self._recogniser:
            self._next_recogniser.close()
        self._next_recogniser = recogniser

    def own_sound(self, playing: bool) -> None:
        """PiChat's feedback sound begins or ends; meanwhile nobody knows who speaks."""
        self._own_sound = playing

    def speaking(self) -> None:
        """PiChat begins to answer aloud: only the wake word counts until `finished`."""
        self._machine.speaking()

    def finished(self) -> None:
        """The turn is over and heard to its end."""
        self._machine.finished()

    def abandon(self) -> None:
        """The sound was lost in the middle: forget a command that was being heard."""
        self._machine.abandon()
        self._stop_recognising()

    def close(self) -> None:
        """Release the engines. Another listener may go on with the recogniser."""
        self._stop_recognising()
        self._wake_word.close()

    def _feed_block(self, block: bytes) -> list[Heard]:
        machine = self._machine
        self._kept.append(block)
        if machine.phase is Phase.LISTENING:
            self._swap()
        if self._recogniser is None:
            return []
        score = self._wake_word.process(block)
        speech = self._voice_activity.process(block) if machine.phase in _HELD else None
        was_in_speech = machine.phase is Phase.IN_SPEECH
        actions = machine.observe(Observation(BLOCK_SAMPLES, score, speech, self._own_sound))
        events: list[Heard] = []
        if was_in_speech:
            self._recogniser.feed(block)
            if not actions:
                events += self._look_at_partial(self._recogniser)
        for action in actions:
            events.append(self._act(action, self._recogniser))
        return events

    def _swap(self) -> None:
        if self._recogniser is self._next_recogniser:
            return
        if self._recogniser is not None:
            self._recogniser.close()
        self._recogniser = self._next_recogniser

    def _act(self, action: Action, recogniser: Recogniser) -> Heard:
        ago_s = (self._machine.now - action.at) / SAMPLE_RATE_HZ
        match action:
            case Woke(interrupts=interrupts):
                self._voice_activity.reset()
                for block in tuple(self._kept)[-samples(1.0) // BLOCK_SAMPLES :]:
                    self._voice_activity.process(block)
                return HeardWake(ago_s, interrupts)
            case Invite():
                return HeardInvite(ago_s)
            case SpeechStarted(audio_from=audio_from):
                self._start_recognising(recogniser, audio_from)
                return HeardSpeech(ago_s)
            case SpeechEnded() | Capped():
                self._recognising = False
                return HeardEnd(ago_s, recogniser.finish(), isinstance(action, Capped))
            case GaveUp():
                return HeardNothing(ago_s)

    def _start_recognising(self, recogniser: Recogniser, audio_from: int) -> None:
        recogniser.begin()
        self._recognising = True
        self._since_partial = 0
        self._partial = ""
        count = -(-(self._machine.now - audio_from) // BLOCK_SAMPLES)
        for block in tuple(self._kept)[-count:]:
            recogniser.feed(block)

    def _look_at_partial(self, recogniser: Recogniser) -> list[Heard]:
        self._since_partial += 1
        if self._since_partial < _PARTIAL_BLOCKS:
            return []
        self._since_partial = 0
        text = recogniser.partial()
        if not text or text == self._partial:
            return []
        self._partial = text
        return [HeardPartial(0.0, text)]

    def _stop_recognising(self) -> None:
        if self._recognising and self._recogniser is not None:
            self._recogniser.finish()
        self._recognising = False
