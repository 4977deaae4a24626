"""Turn-taking beyond the first command: into answers, after them, and whatever happens."""

from __future__ import annotations

import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.config.types import Voice
from pichat.intents.complete import Completeness
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
from pichat.turn.rules import Rules
from tests.turn.machine_script import (
    COMPLETE,
    NOTHING,
    OPEN,
    QUIET,
    STOP,
    TALK,
    UNKNOWN,
    WAKE,
    WHOLE,
    For,
    answering,
    following_up,
    hearing,
    kinds,
    phase_of,
    play,
    spoken_into,
)

# --- into the answer -----------------------------------------------------------------------------


def test_thinking_hears_only_the_wake_word() -> None:
    machine = hearing()
    play(machine, For(0.7))
    assert play(machine, For(30, TALK, COMPLETE), STOP, For(2)) == []
    assert kinds(play(machine, WAKE)) == [Woke]


def test_speech_into_the_answer_takes_three_tenths_of_a_second() -> None:
    machine = answering(Rules(barge_in=True, invite_after_s=0.3))
    assert play(machine, For(1), For(0.28, TALK), For(0.02), For(0.28, TALK)) == []
    (started,) = play(machine, For(0.02, TALK))
    assert isinstance(started, SpeechStarted)
    assert (started.phase, machine.phase) == (Phase.SPEAKING, Phase.INTO_ANSWER)
    assert (machine.now - started.audio_from) / SAMPLE_RATE_HZ == pytest.approx(0.7)


def test_without_barge_in_only_wake_word_and_stop_phrase_interrupt() -> None:
    machine = answering(Rules(barge_in=False, invite_after_s=0.3))
    assert play(machine, For(30, TALK, COMPLETE)) == []
    assert kinds(play(machine, WAKE)) == [Woke]
    machine = answering(Rules(barge_in=False, invite_after_s=0.3))
    assert kinds(play(machine, STOP)) == [Stopped]


def test_a_command_into_the_answer_ends_as_any_other() -> None:
    machine = spoken_into()
    (ended,) = play(machine, For(0.5, TALK, COMPLETE), For(0.14, QUIET, COMPLETE))
    assert isinstance(ended, SpeechEnded)
    assert ended.why == "complete"
    assert machine.phase is Phase.THINKING


def test_talk_that_means_nothing_lets_the_answer_go_on_and_is_not_asked_again() -> None:
    machine = spoken_into()
    assert play(machine, For(1.98, TALK)) == []
    assert kinds(play(machine, For(0.02, TALK))) == [FalseAlarm]
    assert phase_of(machine) is Phase.SPEAKING
    assert play(machine, For(2), For(60, TALK)) == []
    assert kinds(play(machine, STOP)) == [Stopped]


def test_the_next_answer_can_be_spoken_into_again() -> None:
    machine = spoken_into()
    play(machine, For(2, TALK))
    machine.finished(5)
    play(machine, For(0.5, TALK, COMPLETE), For(0.2, QUIET, COMPLETE))
    machine.speaking()
    assert kinds(play(machine, For(0.5, TALK))) == [SpeechStarted]


def test_talk_that_ended_and_was_no_command_is_not_asked_again_either() -> None:
    machine = spoken_into()
    assert kinds(play(machine, For(0.62))) == [SpeechEnded]
    machine.speaking(again=True)
    assert phase_of(machine) is Phase.SPEAKING
    assert play(machine, For(60, TALK)) == []


@pytest.mark.parametrize("text", [OPEN, WHOLE, COMPLETE])
def test_what_may_be_a_command_into_the_answer_is_heard_out(text: Completeness) -> None:
    machine = spoken_into()
    assert FalseAlarm not in kinds(play(machine, For(4, TALK, text)))


def test_a_command_into_the_answer_that_becomes_none_lets_the_answer_go_on() -> None:
    machine = spoken_into()
    assert play(machine, For(4, TALK, OPEN)) == []
    assert kinds(play(machine, For(0.02, TALK, NOTHING))) == [FalseAlarm]
    assert machine.phase is Phase.SPEAKING


def test_unknown_into_the_answer_is_a_false_alarm_too() -> None:
    machine = spoken_into()
    assert kinds(play(machine, For(2, UNKNOWN))) == [FalseAlarm]


def test_a_stop_phrase_counts_into_the_answer_and_while_it_is_spoken() -> None:
    for machine in (
        answering(),
        answering(Rules(barge_in=True, invite_after_s=0.3)),
        spoken_into(),
    ):
        assert kinds(play(machine, STOP)) == [Stopped]
        assert machine.phase is Phase.LISTENING


# --- without the wake word -----------------------------------------------------------------------


def test_after_the_answer_it_follows_up_for_a_while() -> None:
    machine = following_up(5.0)
    assert phase_of(machine) is Phase.FOLLOWING_UP
    assert play(machine, For(4.98)) == []
    assert kinds(play(machine, For(0.02))) == [GaveUp]
    assert phase_of(machine) is Phase.LISTENING
    assert play(machine, For(9, TALK)) == []


def test_unknown_ends_the_follow_up_too() -> None:
    assert kinds(play(following_up(2.0), For(1.98, UNKNOWN))) == []
    assert kinds(play(following_up(2.0), For(2, UNKNOWN))) == [GaveUp]


def test_without_a_follow_up_the_wake_word_is_needed_again() -> None:
    machine = following_up(0.0)
    assert phase_of(machine) is Phase.LISTENING
    assert play(machine, For(9, TALK)) == []
    assert kinds(play(machine, WAKE)) == [Woke]


def test_a_follow_up_is_heard_from_its_first_sound_but_not_from_before() -> None:
    machine = following_up()
    began = machine.now
    (started,) = play(machine, For(0.1), For(0.16, TALK))
    assert isinstance(started, SpeechStarted)
    assert (started.phase, machine.phase) == (Phase.FOLLOWING_UP, Phase.IN_SPEECH)
    assert started.audio_from == began  # the answer's end is no command


@pytest.mark.parametrize(
    ("text", "expected"),
    [(NOTHING, [GaveUp]), (OPEN, []), (COMPLETE, [SpeechEnded]), (WHOLE, [])],
)
def test_speech_that_nobody_asked_for_has_to_begin_like_a_command(
    text: Completeness, expected: list[type[Action]]
) -> None:
    machine = following_up()
    play(machine, For(0.16, TALK))
    assert kinds(play(machine, For(2.86, TALK, text))) == expected


def test_with_a_model_any_speech_is_heard_out() -> None:
    rules = Rules.of(Voice(), barge_in=True, understands_anything=True)
    machine = following_up(rules=rules)
    (_, ended) = play(machine, For(20, TALK))
    assert isinstance(ended, SpeechEnded)
    assert ended.why == "capped"


def test_speech_after_the_wake_word_may_be_anything() -> None:
    machine = hearing()
    assert play(machine, For(10, TALK, NOTHING)) == []


# --- whatever happens ----------------------------------------------------------------------------


def in_phase(phase: Phase) -> Machine:
    machine = {
        Phase.LISTENING: lambda: Machine(Rules(invite_after_s=0.3)),
        Phase.BEFORE_SPEECH: lambda: Machine(Rules(invite_after_s=0.3)),
        Phase.IN_SPEECH: hearing,
        Phase.THINKING: hearing,
        Phase.SPEAKING: answering,
        Phase.INTO_ANSWER: spoken_into,
        Phase.FOLLOWING_UP: following_up,
    }[phase]()
    if phase is Phase.BEFORE_SPEECH:
        play(machine, WAKE)
    if phase is Phase.THINKING:
        play(machine, For(0.7))
    assert machine.phase is phase
    return machine


@pytest.mark.parametrize("phase", Phase)
def test_the_wake_word_begins_a_new_turn_out_of_every_phase(phase: Phase) -> None:
    machine = in_phase(phase)
    assert kinds(play(machine, WAKE, For(0.4), For(1, TALK), For(0.62))) == [
        Woke,
        Invite,
        SpeechStarted,
        SpeechEnded,
    ]


@pytest.mark.parametrize("phase", Phase)
def test_a_turn_that_ends_late_leaves_the_new_one_alone(phase: Phase) -> None:
    machine = in_phase(phase)
    play(machine, WAKE)
    machine.finished(5)
    machine.speaking()
    assert machine.phase is Phase.BEFORE_SPEECH


@pytest.mark.parametrize(
    ("phase", "after"),
    [
        (Phase.LISTENING, Phase.LISTENING),
        (Phase.BEFORE_SPEECH, Phase.LISTENING),
        (Phase.IN_SPEECH, Phase.LISTENING),
        (Phase.THINKING, Phase.THINKING),
        (Phase.SPEAKING, Phase.SPEAKING),
        (Phase.INTO_ANSWER, Phase.SPEAKING),
        (Phase.FOLLOWING_UP, Phase.LISTENING),
    ],
)
def test_lost_sound_forgets_who_was_heard_but_not_the_answer(phase: Phase, after: Phase) -> None:
    machine = in_phase(phase)
    machine.abandon()
    assert machine.phase is after


@pytest.mark.parametrize("phase", Phase)
def test_muted_it_is_not_fed_and_waits(phase: Phase) -> None:
    """What passes while no sound comes does not count: only what is heard moves it."""
    machine = in_phase(phase)
    now = machine.now
    assert machine.observe(Observation(0)) == ()
    assert (machine.phase, machine.now) == (phase, now)


@pytest.mark.parametrize("phase", Phase)
def test_both_abandoned_and_finished_nothing_is_left(phase: Phase) -> None:
    machine = in_phase(phase)
    machine.abandon()
    machine.finished(0)
    assert machine.phase is Phase.LISTENING


def test_the_config_sets_the_rules() -> None:
    config = Voice(
        end_silence_s=0.8, no_speech_timeout_s=2, complete_silence_s=0.3, open_silence_s=2
    )
    machine = Machine(Rules.of(config, barge_in=False, understands_anything=False))
    assert kinds(play(machine, WAKE, For(2.1))) == [Woke, Invite, GaveUp]
    for text, silence_s in ((NOTHING, 0.8), (COMPLETE, 0.3), (OPEN, 2)):
        play(machine, WAKE, For(1, TALK))
        assert play(machine, For(silence_s - 0.02, QUIET, text)) == []
        assert kinds(play(machine, For(0.02, QUIET, text))) == [SpeechEnded]
