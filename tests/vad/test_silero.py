"""Silero on speech, on silence, and while it is warming up."""

from __future__ import annotations

import pytest

from pichat.errors import ConfigError
from pichat.vad.base import load_voice_activity
from tests.support.speech import silence, spoken


def test_speech_and_silence_are_told_apart() -> None:
    detector = load_voice_activity("silero")
    assert (detector.process(silence(0.5)) or 1) < 0.1
    assert (detector.process(spoken("turn on the kitchen light")[:32_000]) or 0) > 0.9
    assert (detector.process(silence(0.5)) or 1) < 0.1


def test_warming_up_is_unknown_and_not_silence() -> None:
    detector = load_voice_activity("silero")
    speech = spoken("turn on the kitchen light")
    first = [detector.process(speech[start : start + 640]) for start in range(0, 6_400, 640)]
    assert first[0] is None
    assert first[5] is None
    assert detector.process(speech[6_400:12_800]) is not None
    detector.reset()
    assert detector.process(silence(0.02)) is None


def test_an_unknown_engine_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match="called “nothing”"):
        load_voice_activity("nothing")
