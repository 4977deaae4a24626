"""Whatever is observed, and whatever the turns do: turn-taking always comes back to listening."""

from __future__ import annotations

import random

import pytest

from pichat.audio.pcm import BLOCK_SAMPLES, SAMPLE_RATE_HZ
from pichat.intents.complete import Completeness
from pichat.turn.machine import (
    Action,
    FalseAlarm,
    GaveUp,
    Machine,
    Observation,
    Phase,
    SpeechEnded,
    SpeechStarted,
    Stopped,
    Woke,
)
from pichat.turn.rules import Rules

WAITING = (Phase.THINKING, Phase.SPEAKING)  # for somebody else: a turn, a voice
FOLLOW_UP_S = 5.0
# What an action leaves behind, whatever came before it.
AFTER = {
    Woke: Phase.BEFORE_SPEECH,
    GaveUp: Phase.LISTENING,
    FalseAlarm: Phase.SPEAKING,
    SpeechEnded: Phase.THINKING,
    Stopped: Phase.LISTENING,
}
INTO_ANSWER = {SpeechEnded, FalseAlarm, Stopped, Woke}


def longest_s(rules: Rules) -> float:
    """No phase lasts longer with sound coming in, unless it waits for somebody else: the longest
    wait for speech, half known and half unknown, and then the longest speech."""
    before_s = 2 * rules.no_speech_timeout_s + rules.longest_utterance_s
    return before_s + rules.wake_tail_s + rules.longest_utterance_s


class Weather:
    """Random observations that hold for a while, as speech and silence do."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._speech: float | None = 0.0
        self._text = Completeness.UNKNOWN

    def block(self, *, wakes: bool = True) -> Observation:
        if self.random.random() < 0.08:
            self._speech = self.random.choice([None, 0.0, 0.1, 0.3, 0.6, 1.0])
        if self.random.random() < 0.05:
            self._text = self.random.choice(list(Completeness))
        return Observation(
            BLOCK_SAMPLES,
            wake=wakes and self.random.random() < 0.002,
            stop=self.random.random() < 0.002,
            speech=self._speech,
            own_sound=self.random.random() < 0.05,
            hypothesis=self._text,
        )


def meddle(machine: Machine, weather: Weather) -> None:
    """What the rest of the loop may do at any moment."""
    dice = weather.random.randrange(1000)
    if dice < 40:
        machine.speaking(again=dice < 4)
    elif dice < 45:
        machine.reopen()
    elif dice < 52:
        machine.finished(FOLLOW_UP_S if dice < 50 else 0.0)
    elif dice < 54:
        machine.abandon()


def check(machine: Machine, before: Phase, actions: tuple[Action, ...]) -> None:
    assert len(actions) <= 1
    for action in actions:
        assert 0 <= action.at <= machine.now
        if isinstance(action, SpeechStarted):
            assert action.audio_from <= action.at
            assert action.phase is before
            assert machine.phase in (Phase.IN_SPEECH, Phase.INTO_ANSWER)
        elif type(action) in AFTER:
            assert machine.phase is AFTER[type(action)]
        if before is Phase.INTO_ANSWER:  # an answer is paused then: somebody has to go on with it
            assert type(action) in INTO_ANSWER
    if not actions:
        assert machine.phase is before


@pytest.mark.parametrize("barge_in", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_it_comes_back_to_listening(seed: int, barge_in: bool) -> None:
    weather = Weather(seed)
    rules = Rules(barge_in=barge_in)
    machine = Machine(rules)
    seen = set()
    stays_s = 0.0
    for _ in range(12_000):
        before = machine.phase
        actions = machine.observe(weather.block())
        check(machine, before, actions)
        seen.add(machine.phase)
        meddle(machine, weather)
        stays_s = stays_s + 0.02 if machine.phase is before else 0.0
        if before not in (Phase.LISTENING, *WAITING):
            assert stays_s <= longest_s(rules)
    assert seen == set(Phase) - (set() if barge_in else {Phase.INTO_ANSWER})


@pytest.mark.parametrize("seed", range(40))
def test_it_comes_back_from_anywhere_once_it_is_quiet(seed: int) -> None:
    """Silence, or no idea whether there is any, and a loop that finishes what it begins."""
    weather = Weather(seed)
    rules = Rules(barge_in=True)
    machine = Machine(rules)
    for _ in range(weather.random.randrange(2_000)):
        machine.observe(weather.block())
        meddle(machine, weather)
    speech = weather.random.choice([0.0, None])
    text = weather.random.choice(list(Completeness))
    limit_s = longest_s(rules) + FOLLOW_UP_S
    began = machine.now
    while machine.phase is not Phase.LISTENING:
        assert (machine.now - began) / SAMPLE_RATE_HZ <= limit_s, machine.phase
        machine.observe(Observation(BLOCK_SAMPLES, speech=speech, hypothesis=text))
        if machine.phase in WAITING:
            machine.finished(FOLLOW_UP_S)


@pytest.mark.parametrize("seed", range(20))
def test_talk_that_never_ends_is_come_back_from_too(seed: int) -> None:
    """A television: every turn it gets into ends, though it is answered each time."""
    weather = Weather(seed)
    rules = Rules(barge_in=True)
    machine = Machine(rules)
    machine.observe(Observation(BLOCK_SAMPLES, wake=True))
    limit_s = longest_s(rules) + FOLLOW_UP_S + rules.unasked_s
    while machine.phase is not Phase.LISTENING:
        assert machine.now / SAMPLE_RATE_HZ <= limit_s, machine.phase
        seen = weather.block(wakes=False)
        machine.observe(
            Observation(BLOCK_SAMPLES, speech=1.0 if seen.speech is None else seen.speech)
        )
        if machine.phase is Phase.THINKING:
            machine.speaking()
        if machine.phase is Phase.SPEAKING:
            machine.finished(FOLLOW_UP_S)
