"""The listener on real speech: wake words, voice activity, judge and recognition for real."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.config.types import Voice, WakeWord
from pichat.turn.heard import (
    Heard,
    HeardEnd,
    HeardInvite,
    HeardNothing,
    HeardPartial,
    HeardScores,
    HeardSpeech,
    HeardWake,
)
from pichat.turn.listener import Engines, Listener
from pichat.turn.machine import Phase
from pichat.turn.rules import Rules
from pichat.vad.base import load_voice_activity
from pichat.wake.base import WakeWords, load_wake_words
from tests.support import engines
from tests.support.recogniser import KeptRecogniser
from tests.support.speech import espoken, silence, spoken

BYTES_PER_S = 2 * SAMPLE_RATE_HZ
COMMAND = "turn on the kitchen light"
RULES = Rules.of(Voice(), barge_in=False, understands_anything=False)
QUIET = (HeardPartial, HeardScores)  # events that only tell


@pytest.fixture(scope="module")
def wake_words() -> Iterator[WakeWords]:
    words = load_wake_words("both", [WakeWord(word="hey_jarvis")], None)
    yield words
    words.close()


class Recognisers:
    """What was opened, the last one last."""

    def __init__(self) -> None:
        self.opened: list[KeptRecogniser] = []

    def open(self) -> KeptRecogniser:
        self.opened.append(KeptRecogniser(COMMAND, "turn on the chicken light"))
        return self.opened[-1]

    @property
    def heard(self) -> list[bytearray]:
        return [sound for each in self.opened for sound in each.heard]


@pytest.fixture
def recognisers() -> Recognisers:
    return Recognisers()


def new_listener(wake_words: WakeWords, rules: Rules = RULES) -> Listener:
    wake_words.be_strict(False)
    wake_words.process(silence(3))  # forget the test before
    judge = engines.shared_intents().intents.judge
    vad = load_voice_activity("silero")
    return Listener(rules, Engines(wake_words=wake_words, voice_activity=vad, judge=judge))


@pytest.fixture
def listener(wake_words: WakeWords, recognisers: Recognisers) -> Listener:
    """With a recogniser that only keeps the sound."""
    listener = new_listener(wake_words)
    listener.set_recogniser(recognisers.open)
    return listener


@pytest.fixture
def understanding(wake_words: WakeWords) -> Listener:
    """With the real recogniser of the default house, which has heard a command before: the first
    one of its life ends later."""
    listener = new_listener(wake_words)
    listener.set_recogniser(engines.new_recogniser)
    listener.begin()
    timed(listener, silence(0.5) + spoken(COMMAND) + silence(1))
    listener.finished(0)
    assert listener.phase is Phase.LISTENING
    return listener


def timed(listener: Listener, pcm: bytes) -> list[tuple[float, float, Heard]]:
    """Feed in 20 ms blocks; each event with its time, and the time at which it was told, in
    seconds from the start of `pcm`."""
    return [
        ((start + 640) / BYTES_PER_S - event.ago_s, (start + 640) / BYTES_PER_S, event)
        for start in range(0, len(pcm), 640)
        for event in listener.feed(pcm[start : start + 640])
        if not isinstance(event, QUIET)
    ]


def phase_of(listener: Listener) -> Phase:
    """The phase as it is now, which a type checker would otherwise take for unchanged."""
    return listener.phase


def kinds(events: list[tuple[float, float, Heard]]) -> list[type[Heard]]:
    return [type(event) for _, _, event in events]


def contains(heard: bytes | bytearray, pcm: bytes) -> float:
    """How much of `pcm` from its end backwards is in `heard`, in seconds, sample for sample; its
    quietest moments may have been taken for somebody farther away, and made faint."""
    sound, wanted = np.frombuffer(bytes(heard), np.int16), np.frombuffer(pcm, np.int16)
    tail = wanted[-1600:].tobytes()
    end = bytes(sound.tobytes()).find(tail)
    assert end >= 0, "the command's last 0.1 s was not recognised"
    before = sound[: end // 2 + 1600]
    length = min(len(before), len(wanted))
    ours, theirs = before[-length:].astype(np.int32), wanted[-length:].astype(np.int32)
    same = (ours == theirs) | (np.abs(ours / 0.03 - theirs) < 34)
    return float(length - (np.flatnonzero(~same)[-1] + 1 if not same.all() else 0)) / 16_000


@pytest.mark.parametrize("voice", ["slt", "kal16"])
@pytest.mark.parametrize("pause_s", [0.0, 0.1, 0.8])
def test_wake_word_and_command(
    listener: Listener, recognisers: Recognisers, voice: str, pause_s: float
) -> None:
    word, command = spoken("hey jarvis", voice), spoken(COMMAND, voice)
    before = silence(0.5) + word + silence(pause_s)
    events = timed(listener, before + command + silence(1))
    expected = [HeardWake, HeardSpeech, HeardEnd]
    if pause_s == 0.8:
        expected.insert(1, HeardInvite)
    assert kinds(events) == expected
    end_s, _, end = events[-1]
    assert isinstance(end, HeardEnd)
    assert end.candidates == (COMMAND, "turn on the chicken light")
    assert end.why == "silence"  # this recogniser's texts are no beginnings of a command
    assert end_s == pytest.approx((len(before) + len(command)) / BYTES_PER_S, abs=0.15)
    (heard,) = recognisers.heard
    # The whole command is there, and of the wake word at most its last syllable.
    assert contains(heard, command) >= len(command) / BYTES_PER_S - 0.02
    lead_s = (bytes(heard).find(command[:3200]) / BYTES_PER_S) - pause_s
    assert lead_s < 0.32
    assert end.pcm == bytes(heard)
    assert listener.phase is Phase.THINKING


def test_a_wake_is_told_with_its_sound_and_scores(listener: Listener) -> None:
    word = spoken("hey jarvis")
    ((_, _, wake), *_) = timed(listener, silence(3) + word + silence(0.5))
    assert isinstance(wake, HeardWake)
    assert wake.word == "hey_jarvis"
    assert set(wake.scores) == {"microwakeword", "openwakeword"}
    assert len(wake.pcm) == pytest.approx(2.5 * BYTES_PER_S)
    assert word[len(word) // 4 : len(word) // 2] in wake.pcm


def test_espeak_wakes_it_too(listener: Listener) -> None:
    sound = silence(0.5) + espoken("hey jarvis", "en+f3") + silence(0.8)
    sound += espoken(COMMAND) + silence(1)
    assert kinds(timed(listener, sound)) == [HeardWake, HeardInvite, HeardSpeech, HeardEnd]


def test_other_speech_does_not_wake(listener: Listener, recognisers: Recognisers) -> None:
    for voice in ("slt", "rms"):
        sound = spoken("it will rain on Tuesday and the train to Berlin is late", voice)
        assert timed(listener, sound + silence(0.5)) == []
    assert recognisers.heard == []


# --- with the real recogniser --------------------------------------------------------------------


COMPLETE = [
    ("turn on the kitchen light", "slt"),
    ("turn off the hallway light", "kal16"),
    ("lock the front door", "slt"),
    ("turn on the bedroom light", "rms"),
    ("unlock the front door", "kal16"),
    ("turn off the office plug", "slt"),
]


def test_a_complete_command_ends_soon_after_its_last_sound(understanding: Listener) -> None:
    late_s: dict[str, float] = {}
    for text, voice in COMPLETE:
        said = silence(2) + spoken("hey jarvis") + silence(0.4) + spoken(text, voice)
        events = timed(understanding, said + silence(1.5))
        _, told_s, end = events[-1]
        assert isinstance(end, HeardEnd), text
        assert text in end.candidates[:3]
        late_s[f"{text} ({voice}) {end.why}"] = told_s - len(said) / BYTES_PER_S
        understanding.finished(0)
    assert all("complete" in each for each in late_s), late_s
    assert max(late_s.values()) <= 0.35, late_s


@pytest.mark.parametrize(
    ("begin", "end", "voice"),
    [
        pytest.param("turn on the", "kitchen light", "rms", marks=pytest.mark.long),
        pytest.param("turn on the", "kitchen light", "kal16", marks=pytest.mark.long),
        ("set the bedroom light to", "forty percent", "slt"),
    ],
)
def test_a_command_with_a_pause_in_the_middle_is_one(
    understanding: Listener, begin: str, end: str, voice: str
) -> None:
    call = silence(0.5) + spoken("hey jarvis") + silence(0.4)
    said = call + spoken(begin, voice) + silence(0.9) + spoken(end, voice)
    events = timed(understanding, said + silence(1.5))
    assert kinds(events)[-2:] == [HeardSpeech, HeardEnd]
    heard = events[-1][2]
    assert isinstance(heard, HeardEnd)
    assert f"{begin} {end}" in heard.candidates[:3]


def test_what_is_left_unfinished_ends_after_a_longer_wait(understanding: Listener) -> None:
    call = silence(0.5) + spoken("hey jarvis") + silence(0.4)
    said = call + spoken("turn on the kitchen")
    events = timed(understanding, said + silence(2))
    _, told_s, end = events[-1]
    assert isinstance(end, HeardEnd)
    assert end.why in ("open", "silence")
    assert told_s - len(said) / BYTES_PER_S > 0.5


# --- limits and interruptions --------------------------------------------------------------------


def test_endless_speech_is_capped(wake_words: WakeWords, recognisers: Recognisers) -> None:
    listener = new_listener(wake_words, Rules(longest_utterance_s=4))
    listener.set_recogniser(recognisers.open)
    chatter = spoken("and then the weather was fine so they went to the market once more")
    events = timed(listener, spoken("hey jarvis") + chatter * 3)
    assert kinds(events) == [HeardWake, HeardSpeech, HeardEnd]
    end = events[-1][2]
    assert isinstance(end, HeardEnd)
    assert end.why == "capped"
    listener.finished(0)
    assert listener.phase is Phase.LISTENING


def test_nobody_speaks_after_the_wake_word(listener: Listener, recognisers: Recognisers) -> None:
    events = timed(listener, silence(0.5) + spoken("hey jarvis") + silence(8))
    assert kinds(events) == [HeardWake, HeardInvite, HeardNothing]
    assert events[-1][0] - events[0][0] == pytest.approx(6, abs=0.3)
    assert recognisers.heard == []


def test_a_follow_up_is_heard_whole_and_nobody_is_waited_for_long(
    listener: Listener, recognisers: Recognisers
) -> None:
    timed(listener, silence(0.5) + spoken("hey jarvis") + silence(0.4) + spoken(COMMAND))
    timed(listener, silence(1))
    listener.speaking()
    timed(listener, silence(1))
    listener.finished(5.0)
    events = timed(listener, silence(1) + spoken(COMMAND, "rms") + silence(1))
    assert kinds(events) == [HeardSpeech, HeardEnd]
    assert isinstance(started := events[0][2], HeardSpeech)
    assert started.follow_up
    assert contains(recognisers.heard[-1], spoken(COMMAND, "rms")) > 1
    listener.finished(5.0)
    assert kinds(timed(listener, silence(5.1))) == [HeardNothing]
    assert listener.phase is Phase.LISTENING


def test_the_wake_word_interrupts_speech(listener: Listener) -> None:
    word, command = spoken("hey jarvis"), spoken(COMMAND)
    timed(listener, silence(0.5) + word + silence(0.3) + command + silence(0.8))
    listener.speaking()
    answer = spoken("the kitchen light is on and everything else is as it was")
    assert timed(listener, answer) == []
    events = timed(listener, word + silence(0.5))
    assert isinstance(events[0][2], HeardWake)
    assert listener.phase is Phase.BEFORE_SPEECH


def test_a_button_begins_a_turn_without_a_word(wake_words: WakeWords) -> None:
    listener = Listener(
        RULES,
        Engines(
            wake_words=None,
            voice_activity=load_voice_activity("silero"),
            judge=engines.shared_intents().intents.judge,
        ),
    )
    listener.set_recogniser(engines.new_recogniser)
    assert timed(listener, spoken("hey jarvis") + silence(1)) == []
    listener.begin()
    events = timed(listener, silence(0.8) + spoken(COMMAND) + silence(1))
    assert kinds(events) == [HeardWake, HeardInvite, HeardSpeech, HeardEnd]
    assert isinstance(wake := events[0][2], HeardWake)
    assert wake.word == ""


def test_without_a_recogniser_it_is_deaf_and_recovers_between_turns(
    listener: Listener, recognisers: Recognisers
) -> None:
    call = silence(0.5) + spoken("hey jarvis")
    other = KeptRecogniser("something else")
    listener.feed(call + silence(0.3))
    listener.set_recogniser(lambda: other)
    listener.feed(spoken(COMMAND))
    assert len(recognisers.heard) == 1  # the command that was begun keeps its recogniser
    listener.feed(silence(1))
    listener.finished(0)
    listener.feed(silence(2))
    assert recognisers.opened[0].closed
    listener.set_recogniser(None)
    assert timed(listener, call + silence(1)) == []
    assert other.closed


def test_lost_sound_ends_the_recognition(listener: Listener) -> None:
    listener.feed(silence(0.5) + spoken("hey jarvis") + silence(0.3) + spoken(COMMAND))
    assert phase_of(listener) is Phase.IN_SPEECH
    listener.abandon()
    assert phase_of(listener) is Phase.LISTENING
    call = silence(3) + spoken("hey jarvis") + silence(0.3) + spoken(COMMAND) + silence(1)
    assert kinds(timed(listener, call))[-1] is HeardEnd


def test_the_same_sound_gives_the_same_events_however_it_is_cut(
    wake_words: WakeWords, recognisers: Recognisers
) -> None:
    sound = silence(0.5) + spoken("hey jarvis") + silence(0.7) + spoken(COMMAND) + silence(1)
    heard = []
    for size in (640, 1234, len(sound)):
        listener = new_listener(wake_words)
        listener.set_recogniser(recognisers.open)
        events: list[Heard] = []
        for start in range(0, len(sound), size):
            events += listener.feed(sound[start : start + size])
        heard.append([type(each) for each in events if not isinstance(each, QUIET)])
    assert heard[0] == heard[1] == heard[2] == [HeardWake, HeardInvite, HeardSpeech, HeardEnd]
