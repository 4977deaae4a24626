"""The limits of turn-taking."""

from __future__ import annotations

from dataclasses import dataclass

from pichat.config.types import Voice

_UNASKED_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Seconds of sound, and likelihoods of speech."""

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
    # Of silence after the wake word: the person waits. Sooner, the feedback sound would fall on the
    # first word of whoever takes a short breath.
    invite_after_s: float = 0.5

    # How long a silence ends what is a whole command, what may be, what must go on:
    complete_silence_s: float = 0.14
    end_silence_s: float = 0.6
    open_silence_s: float = 1.2
    # A whole command that stays one for so long is over, though a television talks on.
    complete_hold_s: float = 1.5
    no_speech_timeout_s: float = 6.0
    longest_utterance_s: float = 15.0

    # Speech that nobody asked for, after an answer or into it, has to begin like a command within:
    unasked_s: float = _UNASKED_S
    into_answer_s: float = 2.0
    barge_in: bool = False  # does plain speech interrupt an answer?
    # For how long somebody has to speak into it, until it pauses: shorter than "stop" is. A cough
    # pauses it too, and it goes on.
    barge_in_s: float = 0.3

    @classmethod
    def of(cls, config: Voice, *, barge_in: bool, understands_anything: bool) -> Rules:
        """`understands_anything`: there is a model for speech that is no command."""
        longest_s = config.longest_utterance_s
        return cls(
            complete_silence_s=config.complete_silence_s,
            end_silence_s=config.end_silence_s,
            open_silence_s=config.open_silence_s,
            no_speech_timeout_s=config.no_speech_timeout_s,
            longest_utterance_s=longest_s,
            unasked_s=longest_s if understands_anything else _UNASKED_S,
            barge_in=barge_in,
        )
