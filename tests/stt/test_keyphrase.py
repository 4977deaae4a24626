"""Stop phrases, by real (synthetic) speech."""

from __future__ import annotations

import time

import numpy as np
import pytest

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import ConfigError
from pichat.stt.keyphrase import KeyPhrases
from tests.intents.effects import home_commands, other_speech
from tests.support import noise
from tests.support.speech import VOICES, silence, spoken

PHRASES = ("stop", "never mind", "be quiet", "cancel")
BLOCK_BYTES = 1024
BYTES_A_SECOND = SAMPLE_RATE_HZ * SAMPLE_BYTES


@pytest.fixture(scope="module")
def phrases() -> KeyPhrases:
    return KeyPhrases(PHRASES)


def hear(
    phrases: KeyPhrases, pcm: bytes, block_bytes: int = BLOCK_BYTES
) -> list[tuple[str, float]]:
    """Each phrase that was told, and the second at which it was."""
    phrases.reset()
    heard = []
    for at in range(0, len(pcm), block_bytes):
        found = phrases.process(pcm[at : at + block_bytes])
        if found:
            heard.append((found, (at + block_bytes) / BYTES_A_SECOND))
    return heard


@pytest.mark.parametrize("before", ["silence", "an answer"])
@pytest.mark.parametrize("phrase", PHRASES)
@pytest.mark.parametrize(
    "voice", ["slt", *(pytest.param(v, marks=pytest.mark.long) for v in VOICES if v != "slt")]
)
def test_heard_at_once_and_once(phrases: KeyPhrases, phrase: str, voice: str, before: str) -> None:
    first = silence(1) if before == "silence" else spoken("the lights are on") + silence(0.5)
    pcm = first + spoken(phrase, voice) + silence(0.8)
    heard = hear(phrases, pcm)
    assert [each for each, _ in heard] == [phrase]
    assert heard[0][1] - (len(pcm) / BYTES_A_SECOND - 0.8) <= 0.2


def test_whatever_the_length_of_the_blocks(phrases: KeyPhrases) -> None:
    pcm = silence(0.5) + spoken("never mind") + silence(0.5)
    assert [each for each, _ in hear(phrases, pcm, 222)] == ["never mind"]
    assert [each for each, _ in hear(phrases, pcm, len(pcm))] == ["never mind"]


def test_forgotten_by_reset(phrases: KeyPhrases) -> None:
    whole = spoken("never mind")
    half = len(whole) // 4 * 2
    phrases.reset()
    assert phrases.process(silence(0.5) + whole[:half]) is None
    phrases.reset()
    assert phrases.process(whole[half:] + silence(0.5)) is None


@pytest.mark.parametrize(
    "text",
    [
        "the shop is at the top of the hill",
        "i never mind the rain",
        "they stopped at the council building",
        "turn on the kitchen light",
    ],
)
def test_other_speech(phrases: KeyPhrases, text: str) -> None:
    assert hear(phrases, silence(0.5) + spoken(text) + silence(0.5)) == []


@pytest.mark.parametrize(
    "kind",
    ["white", "babble", *(pytest.param(k, marks=pytest.mark.long) for k in ("pink", "tones"))],
)
def test_noise(phrases: KeyPhrases, kind: str) -> None:
    assert hear(phrases, getattr(noise, kind)(10, 3)) == []


def test_another_phrase_and_one_without_a_word() -> None:
    own = KeyPhrases(["shut up zigbee"])
    assert hear(own, silence(0.5) + spoken("shut up zigbee") + silence(0.5))
    with pytest.raises(ConfigError, match="needs a word"):
        KeyPhrases(["stop", "  "])


@pytest.mark.long
@pytest.mark.timeout(300)
def test_ten_minutes_of_other_speech(phrases: KeyPhrases) -> None:
    texts = [*other_speech(), *(str(command["say"]) for command in home_commands())]
    pcm = b"".join(spoken(text, voice) + silence(0.4) for text in texts for voice in VOICES)
    started_s = time.thread_time()
    heard = hear(phrases, pcm)
    cost = (time.thread_time() - started_s) / (len(pcm) / BYTES_A_SECOND)
    minutes = len(pcm) / BYTES_A_SECOND / 60
    assert minutes > 15
    assert len(heard) <= minutes / 8, heard
    assert cost < 0.1  # a defect; the bench has the figure


def test_quiet_rest_of_pichats_own_voice(phrases: KeyPhrases) -> None:
    """What echo cancellation leaves over does not hide the phrase."""
    answer = np.frombuffer(spoken("the kitchen light is on and the lamp is off"), np.int16)
    rest = (answer * 10 ** (-40 / 20)).astype(np.int16).tobytes()
    heard = [
        hear(phrases, noise.mix(rest, silence(1.5) + spoken(phrase, "rms") + silence(0.5)))
        for phrase in PHRASES
    ]
    assert sum(bool(each) for each in heard) >= 3
