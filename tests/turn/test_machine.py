"""Turn-taking on virtual time: what is observed, block by block, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pichat.audio.pcm import BLOCK_SAMPLES, SAMPLE_RATE_HZ
from pichat.config.types import Voice
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


@dataclass(frozen=True)
class For:
    """What is observed for a time. `speech` None: unknown."""

    seconds: float
    speech: float | None = 0.0
    wake: float = 0.0
    own_sound: bool = False


WAKE = For(0.02, wake=0.9, speech=None)
QUIET, TALK, UNKNOWN = 0.0, 0.9, None


def play(machine: Machine, *script: For) -> list[Action]:
    actions: list[Action] = []
    for part in script:
        for _ in range(round(part.seconds / 0.02)):
            seen = Observation(BLOCK_SAMPLES, part.wake, part.speech, part.own_sound)
            actions += machine.observe(seen)
    return actions


def kinds(actions: list[Action]) -> list[type[Action]]:
    return [type(action) for action in actions]


def at_s(action: Action) -> float:
    return action.at / SAMPLE_RATE_HZ


@pytest.mark.parametrize(
    ("script", "expected", "phase"),
    [
        pytest.param([For(9, TALK)], [], Phase.LISTENING, id="speech without the wake word"),
        pytest.param(
            [WAKE, For(0.6), For(1, TALK), For(0.5)],
            [Woke, Invite, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="wake, wait, command",
        ),
        pytest.param(
            [WAKE, For(1.2, TALK), For(0.5)],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="one breath",
        ),
        pytest.param(
            [WAKE, For(0.3, TALK), For(1), For(1, TALK), For(0.5)],
            [Woke, Invite, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="the end of the wake word is no command",
        ),
        pytest.param(
            [WAKE, For(0.1, TALK), For(0.06), For(1, TALK), For(0.5)],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="a comma after the wake word",
        ),
        pytest.param([WAKE, For(6.1)], [Woke, Invite, GaveUp], Phase.LISTENING, id="nobody speaks"),
        pytest.param(
            [WAKE, *[For(0.1, TALK), For(0.3)] * 20],
            [Woke, Invite, GaveUp],
            Phase.LISTENING,
            id="clicks are no speech",
        ),
        pytest.param(
            [WAKE, For(30, TALK)],
            [Woke, SpeechStarted, Capped],
            Phase.THINKING,
            id="a television",
        ),
        pytest.param(
            [WAKE, *[For(2, TALK), For(0.3)] * 9],
            [Woke, SpeechStarted, Capped],
            Phase.THINKING,
            id="a television that breathes",
        ),
        pytest.param(
            [WAKE, For(0.5, UNKNOWN), For(1, TALK), For(0.5)],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="warm-up is not silence: no invitation",
        ),
        pytest.param(
            [WAKE, For(0.4), For(0.5, TALK), For(0.3), For(1, UNKNOWN), For(0.06)],
            [Woke, Invite, SpeechStarted],
            Phase.IN_SPEECH,
            id="unknown does not end speech",
        ),
        pytest.param(
            [WAKE, For(20.9, UNKNOWN)], [Woke], Phase.BEFORE_SPEECH, id="unknown does not give up"
        ),
        pytest.param(
            [WAKE, For(21.1, UNKNOWN)], [Woke, GaveUp], Phase.LISTENING, id="but not for ever"
        ),
        pytest.param(
            [WAKE, For(0.4), For(1, TALK), For(2, 0.3), For(0.3)],
            [Woke, Invite, SpeechStarted],
            Phase.IN_SPEECH,
            id="hysteresis holds on to faint speech",
        ),
        pytest.param(
            [WAKE, For(1, 0.4)], [Woke, Invite], Phase.BEFORE_SPEECH, id="but does not begin by it"
        ),
        pytest.param(
            [WAKE, For(0.4), For(0.4, TALK, own_sound=True), For(0.3)],
            [Woke, Invite],
            Phase.BEFORE_SPEECH,
            id="its own feedback sound is no command",
        ),
        pytest.param(
            [For(0.5, wake=0.9), For(7, QUIET, wake=0.9)],
            [Woke, Invite, GaveUp],
            Phase.LISTENING,
            id="one wake word wakes once",
        ),
    ],
)
def test_what_follows(script: list[For], expected: list[type[Action]], phase: Phase) -> None:
    machine = Machine(Rules())
    assert kinds(play(machine, *script)) == expected
    assert machine.phase is phase


def test_times_are_those_of_the_sound() -> None:
    machine = Machine(Rules())
    woke, _, started, ended = play(machine, For(1), WAKE, For(0.98), For(1, TALK), For(0.5))
    assert isinstance(started, SpeechStarted)
    assert at_s(woke) == pytest.approx(1.02)
    assert at_s(started) == pytest.approx(2.0)
    assert started.audio_from / SAMPLE_RATE_HZ == pytest.approx(1.6)  # the pre-roll
    assert at_s(ended) == pytest.approx(3.0)  # not when the silence had shown it
    assert machine.now / SAMPLE_RATE_HZ == pytest.approx(3.5)


def test_one_breath_is_recognised_from_before_the_detection() -> None:
    machine = Machine(Rules())
    woke, started = play(machine, For(2), WAKE, For(1, TALK))
    assert isinstance(started, SpeechStarted)
    assert (woke.at - started.audio_from) / SAMPLE_RATE_HZ == pytest.approx(0.22)
    assert started.at == woke.at


def test_the_cap_counts_from_the_speech() -> None:
    machine = Machine(Rules(longest_utterance_s=3.0))
    actions = play(machine, WAKE, For(0.98), For(9, TALK))
    assert at_s(actions[-1]) == pytest.approx(4.0)


def test_thinking_hears_nothing_and_speaking_only_the_wake_word() -> None:
    machine = Machine(Rules())
    play(machine, WAKE, For(1, TALK), For(0.5))
    assert play(machine, For(3, TALK), WAKE, For(0.2)) == []
    machine.speaking()
    assert play(machine, For(5, TALK)) == []
    assert play(machine, For(0.02, wake=0.9), For(1)) == []  # a single look is not enough
    (woke,) = play(machine, For(0.2, wake=0.9))
    assert woke == Woke(woke.at, interrupts=True)
    machine.finished()  # the interrupted turn ends late
    assert machine.phase is Phase.BEFORE_SPEECH


def test_after_the_answer_the_wake_word_counts_again() -> None:
    machine = Machine(Rules())
    play(machine, WAKE, For(1, TALK), For(0.5))
    machine.speaking()
    machine.finished()
    assert machine.phase is Phase.LISTENING
    assert kinds(play(machine, For(0.1), WAKE)) == [Woke]


def test_lost_sound_forgets_the_command() -> None:
    machine = Machine(Rules())
    play(machine, WAKE, For(1, TALK))
    machine.abandon()
    assert kinds(play(machine, For(0.1), WAKE, For(1, TALK)))[0] is Woke
    play(machine, For(0.5))
    machine.abandon()
    assert machine.phase is Phase.THINKING


def test_the_config_sets_the_rules() -> None:
    rules = Rules.of(Voice(end_silence_s=0.8, no_speech_timeout_s=2))
    machine = Machine(rules)
    assert kinds(play(machine, For(0.1, wake=0.45), WAKE, For(2.1))) == [Woke, Invite, GaveUp]
    assert kinds(play(machine, For(0.1), WAKE, For(1, TALK), For(0.7)))[-1] is SpeechStarted
    assert kinds(play(machine, For(0.12))) == [SpeechEnded]
