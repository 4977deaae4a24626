"""The listener on real speech: openWakeWord and Silero for real, a recogniser that keeps sound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.turn.listener import (
    Heard,
    HeardEnd,
    HeardInvite,
    HeardNothing,
    HeardPartial,
    HeardSpeech,
    HeardWake,
    Listener,
)
from pichat.turn.machine import Phase, Rules
from pichat.vad.base import load_voice_activity
from pichat.wake.base import WakeWord, load_wake_word
from tests.support.recogniser import KeptRecogniser
from tests.support.speech import espoken, silence, spoken

BYTES_PER_S = 2 * SAMPLE_RATE_HZ
COMMAND = "turn on the kitchen light"


@pytest.fixture(scope="module")
def wake_word() -> Iterator[WakeWord]:
    word = load_wake_word("openwakeword", "hey_jarvis")
    yield word
    word.close()


@pytest.fixture
def recogniser() -> KeptRecogniser:
    return KeptRecogniser(COMMAND, "turn on the chicken light")


@pytest.fixture
def listener(wake_word: WakeWord, recogniser: KeptRecogniser) -> Listener:
    wake_word.process(silence(2))  # forget the test before
    return Listener(Rules(), wake_word, load_voice_activity("silero"), recogniser)


def timed(listener: Listener, pcm: bytes) -> list[tuple[float, Heard]]:
    """Feed in 20 ms blocks; each event with its time in seconds from the start of `pcm`."""
    return [
        ((start + 640) / BYTES_PER_S - event.ago_s, event)
        for start in range(0, len(pcm), 640)
        for event in listener.feed(pcm[start : start + 640])
    ]


def phase_of(listener: Listener) -> Phase:
    """The phase as it is now, which a type checker would otherwise take for unchanged."""
    return listener.phase


def kinds(events: list[tuple[float, Heard]]) -> list[type[Heard]]:
    return [type(event) for _, event in events if not isinstance(event, HeardPartial)]


def contains(heard: bytes | bytearray, pcm: bytes) -> float:
    """How much of `pcm` from its end backwards is in `heard`, in seconds, sample for sample."""
    sound, wanted = np.frombuffer(bytes(heard), np.int16), np.frombuffer(pcm, np.int16)
    tail = wanted[-1600:].tobytes()
    end = bytes(sound.tobytes()).find(tail)
    assert end >= 0, "the command's last 0.1 s was not recognised"
    before = sound[: end // 2 + 1600]
    length = min(len(before), len(wanted))
    same = before[-length:] == wanted[-length:]
    return float(length - (np.flatnonzero(~same)[-1] + 1 if not same.all() else 0)) / 16_000


@pytest.mark.parametrize("voice", ["slt", "kal16"])
@pytest.mark.parametrize("pause_s", [0.0, 0.1, 0.8])
def test_wake_word_and_command(
    listener: Listener, recogniser: KeptRecogniser, voice: str, pause_s: float
) -> None:
    word, command = spoken("hey jarvis", voice), spoken(COMMAND, voice)
    before = silence(0.5) + word + silence(pause_s)
    events = timed(listener, before + command + silence(1))
    expected = [HeardWake, HeardSpeech, HeardEnd]
    if pause_s == 0.8:
        expected.insert(1, HeardInvite)
    assert kinds(events) == expected
    end_s, end = events[-1]
    assert isinstance(end, HeardEnd)
    assert end.candidates == recogniser.candidates
    assert not end.capped
    assert end_s == pytest.approx((len(before) + len(command)) / BYTES_PER_S, abs=0.15)
    (heard,) = recogniser.heard
    # The whole command is there, and of the wake word at most its last syllable.
    assert contains(heard, command) >= len(command) / BYTES_PER_S - 0.02
    lead_s = (bytes(heard).find(command[:3200]) / BYTES_PER_S) - pause_s
    assert lead_s < 0.32
    assert any(isinstance(event, HeardPartial) for _, event in events)
    assert listener.phase is Phase.THINKING


def test_espeak_wakes_it_too(listener: Listener, recogniser: KeptRecogniser) -> None:
    sound = silence(0.5) + espoken("hey jarvis") + silence(0.5) + espoken(COMMAND) + silence(1)
    assert kinds(timed(listener, sound)) == [HeardWake, HeardInvite, HeardSpeech, HeardEnd]


def test_other_speech_does_not_wake(listener: Listener, recogniser: KeptRecogniser) -> None:
    for voice in ("slt", "rms"):
        sound = spoken("it will rain on Tuesday and the train to Berlin is late", voice)
        assert timed(listener, sound + silence(0.5)) == []
    assert recogniser.heard == []


def test_endless_speech_is_capped(wake_word: WakeWord, recogniser: KeptRecogniser) -> None:
    rules = Rules(longest_utterance_s=4)
    listener = Listener(rules, wake_word, load_voice_activity("silero"), recogniser)
    wake_word.process(silence(2))
    chatter = spoken("and then the weather was fine so they went to the market once more")
    events = timed(listener, spoken("hey jarvis") + chatter * 3)
    assert kinds(events) == [HeardWake, HeardSpeech, HeardEnd]
    end = events[-1][1]
    assert isinstance(end, HeardEnd)
    assert end.capped
    listener.finished()
    assert listener.phase is Phase.LISTENING


def test_nobody_speaks_after_the_wake_word(listener: Listener, recogniser: KeptRecogniser) -> None:
    events = timed(listener, silence(0.5) + spoken("hey jarvis") + silence(8))
    assert kinds(events) == [HeardWake, HeardInvite, HeardNothing]
    assert events[-1][0] - events[0][0] == pytest.approx(6, abs=0.3)
    assert recogniser.heard == []


def test_wake_word_interrupts_speech(listener: Listener, recogniser: KeptRecogniser) -> None:
    word, command = spoken("hey jarvis"), spoken(COMMAND)
    timed(listener, silence(0.5) + word + silence(0.3) + command + silence(0.8))
    listener.speaking()
    answer = spoken("the kitchen light is on and everything else is as it was")
    assert timed(listener, answer) == []
    events = timed(listener, word + silence(0.5))
    assert isinstance(events[0][1], HeardWake)
    assert events[0][1].interrupts


def test_without_a_recogniser_it_is_deaf_and_recovers_between_turns(
    listener: Listener, recogniser: KeptRecogniser
) -> None:
    call = silence(0.5) + spoken("hey jarvis")
    other = KeptRecogniser("something else")
    listener.feed(call + silence(0.3))
    listener.set_recogniser(other)
    listener.feed(spoken(COMMAND))
    assert len(recogniser.heard) == 1  # the command that was begun keeps its recogniser
    listener.feed(silence(1))
    listener.finished()
    listener.feed(silence(2))
    assert recogniser.closed
    listener.set_recogniser(None)
    assert timed(listener, call + silence(1)) == []
    assert other.closed


def test_lost_sound_ends_the_recognition(listener: Listener, recogniser: KeptRecogniser) -> None:
    listener.feed(silence(0.5) + spoken("hey jarvis") + silence(0.3) + spoken(COMMAND))
    assert phase_of(listener) is Phase.IN_SPEECH
    listener.abandon()
    assert phase_of(listener) is Phase.LISTENING
    call = silence(3) + spoken("hey jarvis") + silence(0.3) + spoken(COMMAND) + silence(1)
    assert kinds(timed(listener, call))[-1] is HeardEnd
