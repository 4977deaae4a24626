"""What turn-taking observes, as a script."""

from __future__ import annotations

from dataclasses import dataclass

from pichat.audio.pcm import BLOCK_SAMPLES, SAMPLE_RATE_HZ
from pichat.intents.complete import Completeness
from pichat.turn.machine import (
    Action,
    Machine,
    Observation,
    Phase,
    SpeechEnded,
    SpeechStarted,
)
from pichat.turn.rules import Rules

NOTHING, OPEN = Completeness.UNKNOWN, Completeness.OPEN
WHOLE, COMPLETE = Completeness.WHOLE, Completeness.COMPLETE
QUIET, TALK, UNKNOWN = 0.0, 0.9, None


@dataclass(frozen=True)
class For:
    """What is observed for a time. `speech` None: unknown. `text`: what the recogniser holds."""

    seconds: float
    speech: float | None = QUIET
    text: Completeness = NOTHING
    wake: bool = False
    stop: bool = False
    own_sound: bool = False


WAKE = For(0.02, UNKNOWN, wake=True)
STOP = For(0.02, TALK, stop=True)


def play(machine: Machine, *script: For) -> list[Action]:
    actions: list[Action] = []
    for part in script:
        for _ in range(round(part.seconds / 0.02)):
            seen = Observation(
                BLOCK_SAMPLES, part.wake, part.stop, part.speech, part.own_sound, part.text
            )
            actions += machine.observe(seen)
    return actions


def kinds(actions: list[Action]) -> list[type[Action]]:
    return [type(action) for action in actions]


def at_s(action: Action) -> float:
    return action.at / SAMPLE_RATE_HZ


def phase_of(machine: Machine) -> Phase:
    """The phase as it is now, which a type checker would otherwise take for unchanged."""
    return machine.phase


def hearing(rules: Rules | None = None) -> Machine:
    """Somebody has spoken for a second after the wake word."""
    machine = Machine(rules or Rules(invite_after_s=0.3))
    assert kinds(play(machine, WAKE, For(0.4), For(1, TALK)))[-1] is SpeechStarted
    return machine


def answering(rules: Rules | None = None) -> Machine:
    machine = hearing(rules)
    assert kinds(play(machine, For(0.7)))[-1] is SpeechEnded
    machine.speaking()
    return machine


def spoken_into() -> Machine:
    """Somebody has just begun to speak into an answer."""
    machine = answering(Rules(barge_in=True, invite_after_s=0.3))
    assert kinds(play(machine, For(1), For(0.3, TALK))) == [SpeechStarted]
    return machine


def following_up(follow_up_s: float = 5.0, rules: Rules | None = None) -> Machine:
    machine = answering(rules)
    machine.finished(follow_up_s)
    return machine
