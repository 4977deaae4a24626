"""Turn-taking on virtual time: what is observed, block by block, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pichat.audio.pcm import BLOCK_SAMPLES, SAMPLE_RATE_HZ
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
    machine = Machine(rules or Rules())
    assert kinds(play(machine, WAKE, For(0.4), For(1, TALK)))[-1] is SpeechStarted
    return machine


def answering(rules: Rules | None = None) -> Machine:
    machine = hearing(rules)
    assert kinds(play(machine, For(0.7)))[-1] is SpeechEnded
    machine.speaking()
    return machine


def spoken_into() -> Machine:
    """Somebody has just begun to speak into an answer."""
    machine = answering(Rules(barge_in=True))
    assert kinds(play(machine, For(1), For(0.5, TALK))) == [SpeechStarted]
    return machine


def following_up(follow_up_s: float = 5.0, rules: Rules | None = None) -> Machine:
    machine = answering(rules)
    machine.finished(follow_up_s)
    return machine


@pytest.mark.parametrize(
    ("script", "expected", "phase"),
    [
        pytest.param([For(9, TALK)], [], Phase.LISTENING, id="speech without the wake word"),
        pytest.param(
            [WAKE, For(0.6), For(1, TALK), For(0.62)],
            [Woke, Invite, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="wake, wait, command",
        ),
        pytest.param(
            [WAKE, For(1.2, TALK), For(0.62)],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="one breath",
        ),
        pytest.param(
            [WAKE, For(0.3, TALK), For(1), For(1, TALK), For(0.62)],
            [Woke, Invite, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="the end of the wake word is no command",
        ),
        pytest.param(
            [WAKE, For(0.1, TALK), For(0.06), For(1, TALK), For(0.62)],
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
            [WAKE, For(15.1, TALK)],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="a television",
        ),
        pytest.param(
            [WAKE, *[For(2, TALK), For(0.3)] * 7],
            [Woke, SpeechStarted, SpeechEnded],
            Phase.THINKING,
            id="a television that breathes",
        ),
        pytest.param(
            [WAKE, For(0.5, UNKNOWN), For(1, TALK), For(0.62)],
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
            [WAKE, For(1, TALK), For(3, QUIET, own_sound=True)],
            [Woke, SpeechStarted],
            Phase.IN_SPEECH,
            id="nor is it silence",
        ),
        pytest.param([For(3, stop=True)], [], Phase.LISTENING, id="nothing to stop"),
    ],
)
def test_what_follows(script: list[For], expected: list[type[Action]], phase: Phase) -> None:
    machine = Machine(Rules())
    assert kinds(play(machine, *script)) == expected
    assert machine.phase is phase


def test_times_are_those_of_the_sound() -> None:
    machine = Machine(Rules())
    woke, _, started, ended = play(machine, For(1), WAKE, For(0.98), For(1, TALK), For(0.6))
    assert isinstance(started, SpeechStarted)
    assert at_s(woke) == pytest.approx(1.02)
    assert at_s(started) == pytest.approx(2.0)
    assert started.audio_from / SAMPLE_RATE_HZ == pytest.approx(1.6)  # the pre-roll
    assert at_s(ended) == pytest.approx(3.0)  # not when the silence had shown it
    assert machine.now / SAMPLE_RATE_HZ == pytest.approx(3.6)


def test_one_breath_is_recognised_from_before_the_detection() -> None:
    machine = Machine(Rules())
    woke, started = play(machine, For(2), WAKE, For(1, TALK))
    assert isinstance(started, SpeechStarted)
    assert (woke.at - started.audio_from) / SAMPLE_RATE_HZ == pytest.approx(0.22)
    assert started.at == woke.at


# --- the end of speech ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "silence_s", "why"),
    [
        (COMPLETE, 0.14, "complete"),
        (WHOLE, 0.6, "silence"),
        (NOTHING, 0.6, "silence"),
        (OPEN, 1.2, "open"),
    ],
)
def test_each_text_waits_a_silence_of_its_own(
    text: Completeness, silence_s: float, why: str
) -> None:
    machine = hearing()
    spoken_until = machine.now
    assert play(machine, For(silence_s - 0.02, QUIET, text)) == []
    assert play(machine, For(0.02, QUIET, text)) == [SpeechEnded(spoken_until, why)]
    assert machine.phase is Phase.THINKING


def test_the_silence_counts_from_the_last_speech_whatever_the_text_was_then() -> None:
    machine = hearing()
    assert play(machine, For(0.5, QUIET, OPEN)) == []
    (ended,) = play(machine, For(0.02, QUIET, COMPLETE))  # the recogniser made up its mind late
    assert isinstance(ended, SpeechEnded)
    assert ended.why == "complete"


def test_a_command_that_goes_on_after_a_pause_is_one() -> None:
    machine = hearing()
    script = [For(1.1, QUIET, OPEN), For(0.5, TALK, OPEN), For(0.14, QUIET, COMPLETE)]
    assert kinds(play(machine, *script)) == [SpeechEnded]


def test_the_cap_counts_from_the_speech_and_is_told() -> None:
    machine = Machine(Rules(longest_utterance_s=3.0))
    actions = play(machine, WAKE, For(0.98), For(3.1, TALK))
    assert actions[-1] == SpeechEnded(4 * SAMPLE_RATE_HZ, "capped")


def test_a_detector_that_gives_up_in_the_middle_is_capped() -> None:
    machine = hearing(Rules(longest_utterance_s=3.0))
    (ended,) = play(machine, For(9, UNKNOWN, COMPLETE), For(9, UNKNOWN, OPEN))
    assert isinstance(ended, SpeechEnded)


def test_a_whole_command_is_over_though_somebody_talks_on() -> None:
    machine = hearing()
    assert play(machine, For(1.48, TALK, COMPLETE), For(0.02, TALK, OPEN)) == []
    assert play(machine, For(1.48, TALK, COMPLETE)) == []
    (ended,) = play(machine, For(0.02, TALK, COMPLETE))
    assert ended == SpeechEnded(machine.now, "complete")


def test_a_command_that_was_none_after_all_is_heard_on() -> None:
    machine = hearing()
    play(machine, For(0.14, QUIET, COMPLETE))
    machine.reopen()
    assert phase_of(machine) is Phase.IN_SPEECH
    # The recogniser says it once more, but is not believed as long as nothing new is said.
    assert play(machine, For(0.44, QUIET, COMPLETE)) == []
    (ended,) = play(machine, For(0.02, QUIET, COMPLETE))
    assert isinstance(ended, SpeechEnded)
    assert ended.why == "silence"


def test_new_speech_takes_the_doubt_away() -> None:
    machine = hearing()
    play(machine, For(0.14, QUIET, COMPLETE))
    machine.reopen()
    (ended,) = play(machine, For(0.5, TALK, OPEN), For(0.14, QUIET, COMPLETE))
    assert isinstance(ended, SpeechEnded)
    assert ended.why == "complete"


def test_only_what_is_thought_about_can_be_reopened() -> None:
    for machine in (Machine(Rules()), answering(), following_up()):
        before = machine.phase
        machine.reopen()
        assert machine.phase is before


# --- into the answer -----------------------------------------------------------------------------


def test_thinking_hears_only_the_wake_word() -> None:
    machine = hearing()
    play(machine, For(0.7))
    assert play(machine, For(30, TALK, COMPLETE), STOP, For(2)) == []
    assert kinds(play(machine, WAKE)) == [Woke]


def test_speech_into_the_answer_takes_half_a_second() -> None:
    machine = answering(Rules(barge_in=True))
    assert play(machine, For(1), For(0.48, TALK), For(0.02), For(0.48, TALK)) == []
    (started,) = play(machine, For(0.02, TALK))
    assert isinstance(started, SpeechStarted)
    assert (started.phase, machine.phase) == (Phase.SPEAKING, Phase.INTO_ANSWER)
    assert (machine.now - started.audio_from) / SAMPLE_RATE_HZ == pytest.approx(0.9)


def test_without_barge_in_only_wake_word_and_stop_phrase_interrupt() -> None:
    machine = answering(Rules(barge_in=False))
    assert play(machine, For(30, TALK, COMPLETE)) == []
    assert kinds(play(machine, WAKE)) == [Woke]
    machine = answering(Rules(barge_in=False))
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
    for machine in (answering(), answering(Rules(barge_in=True)), spoken_into()):
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
        Phase.LISTENING: lambda: Machine(Rules()),
        Phase.BEFORE_SPEECH: lambda: Machine(Rules()),
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
