"""Turn-taking on virtual time: what is observed, block by block, and what follows from it."""

from __future__ import annotations

import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.intents.complete import Completeness
from pichat.turn.machine import (
    Action,
    GaveUp,
    Invite,
    Machine,
    Phase,
    SpeechEnded,
    SpeechStarted,
    Woke,
)
from pichat.turn.rules import Rules
from tests.turn.machine_script import (
    COMPLETE,
    NOTHING,
    OPEN,
    QUIET,
    TALK,
    UNKNOWN,
    WAKE,
    WHOLE,
    For,
    answering,
    at_s,
    following_up,
    hearing,
    kinds,
    phase_of,
    play,
)


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
    machine = Machine(Rules(invite_after_s=0.3))
    assert kinds(play(machine, *script)) == expected
    assert machine.phase is phase


def test_times_are_those_of_the_sound() -> None:
    machine = Machine(Rules(invite_after_s=0.3))
    woke, _, started, ended = play(machine, For(1), WAKE, For(0.98), For(1, TALK), For(0.6))
    assert isinstance(started, SpeechStarted)
    assert at_s(woke) == pytest.approx(1.02)
    assert at_s(started) == pytest.approx(2.0)
    assert started.audio_from / SAMPLE_RATE_HZ == pytest.approx(1.6)  # the pre-roll
    assert at_s(ended) == pytest.approx(3.0)  # not when the silence had shown it
    assert machine.now / SAMPLE_RATE_HZ == pytest.approx(3.6)


def test_one_breath_is_recognised_from_before_the_detection() -> None:
    machine = Machine(Rules(invite_after_s=0.3))
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
    machine = Machine(Rules(longest_utterance_s=3.0, invite_after_s=0.3))
    actions = play(machine, WAKE, For(0.98), For(3.1, TALK))
    assert actions[-1] == SpeechEnded(4 * SAMPLE_RATE_HZ, "capped")


def test_a_detector_that_gives_up_in_the_middle_is_capped() -> None:
    machine = hearing(Rules(longest_utterance_s=3.0, invite_after_s=0.3))
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
    for machine in (Machine(Rules(invite_after_s=0.3)), answering(), following_up()):
        before = machine.phase
        machine.reopen()
        assert machine.phase is before
