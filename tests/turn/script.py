"""Sound as a script, and engines that read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_SAMPLES
from pichat.intents.complete import Completeness
from pichat.turn.listener import Engines, Listener
from pichat.turn.rules import Rules
from pichat.wake.base import Wake

# A block's first sample says what it is. A letter stands for 0.1 s of it.
_LEVELS = {letter: 100 * (number + 1) for number, letter in enumerate("wanochtsx?")} | {".": 0}
_LETTERS = {level: letter for letter, level in _LEVELS.items()}
_BLOCKS = 5
WORDS = {"w": "hey_jarvis", "a": "alexa", "n": "hey_jarvis"}  # n: nearly
TEXTS = {
    "o": "turn on the",
    "c": "turn on the light",
    "h": "turn off the lights",
    "t": "what a lovely day",
    "x": "stop",
}  # s: speech that is heard as no words, such as a television's
MEANS = {
    TEXTS["o"]: Completeness.OPEN,
    TEXTS["c"]: Completeness.COMPLETE,
    TEXTS["h"]: Completeness.WHOLE,
}
COMMANDS = (TEXTS["c"], TEXTS["h"])

CALL = "w....oooocc"  # the wake word, a moment, a whole command


def sound(script: str) -> list[bytes]:
    """Blocks of 20 ms, five for each letter; spaces are for the reader."""
    return [_block(_LEVELS[letter]) for letter in script if letter != " " for _ in range(_BLOCKS)]


def _block(level: int) -> bytes:
    return np.full(BLOCK_SAMPLES, level, np.int16).tobytes()


def _letters(pcm: bytes) -> list[str]:
    return [
        _LETTERS[int.from_bytes(pcm[at : at + 2], "little")]
        for at in range(0, len(pcm), BLOCK_BYTES)
    ]


class ScriptedWakeWords:
    """Implements WakeWords."""

    def __init__(self) -> None:
        self._before = "."
        self._highest: dict[str, float] = {}
        self.strict: list[bool] = []
        self.closed = False

    def process(self, pcm: bytes) -> Wake | None:
        (letter,) = _letters(pcm)
        before, self._before = self._before, letter
        if letter == before or letter not in WORDS:
            return None
        near = letter == "n"
        self._highest[WORDS[letter]] = 0.9
        scores = {"first": 0.9, "second": 0.1 if near else 0.8}
        return Wake(WORDS[letter], scores, near_miss=near)

    def be_strict(self, strict: bool) -> None:
        self.strict.append(strict)

    def scores(self) -> dict[str, dict[str, float]]:
        scores, self._highest = {"first": self._highest}, {}
        return scores

    def close(self) -> None:
        self.closed = True


class ScriptedVoiceActivity:
    def process(self, pcm: bytes) -> float | None:
        (letter,) = _letters(pcm)
        return None if letter == "?" else 0.9 if letter in "ochtsx" else 0.0

    def reset(self) -> None:
        pass


class ScriptedStopPhrases:
    def __init__(self) -> None:
        self.resets = 0

    def process(self, pcm: bytes) -> str | None:
        return "stop" if _letters(pcm) == ["x"] else None

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass


class ScriptedRecogniser:
    """Implements Recogniser: the last words count. `at_last`: text → what it turns out to be."""

    def __init__(self, at_last: Mapping[str, Sequence[str]] | None = None) -> None:
        self._at_last = at_last or {}
        self._open = False
        self._text = ""
        self.closed = False

    def begin(self) -> None:
        assert not self._open, "begun twice"
        assert not self.closed, "used after it was closed"
        self._open, self._text = True, ""

    def feed(self, pcm: bytes) -> None:
        assert self._open, "not begun"
        for letter in _letters(pcm):
            self._text = TEXTS.get(letter, self._text)

    def partial(self) -> str:
        assert self._open, "not begun"
        return self._text

    def so_far(self) -> str:
        return "" if self._text in self._at_last else self.partial()

    def look_again(self) -> tuple[str, ...]:
        text = self.partial()
        return tuple(self._at_last.get(text, (text,) if text else ()))

    def finish(self) -> tuple[str, ...]:
        candidates = self.look_again()
        self._open = False
        return candidates

    def drop(self) -> None:
        self._open = False

    def close(self) -> None:
        assert not self._open, "closed while it listens"
        self.closed = True


def judge(text: str) -> Completeness:
    return MEANS.get(text, Completeness.UNKNOWN)


def scripted_engines(*, wake_words: bool = True) -> Engines:
    return Engines(
        wake_words=ScriptedWakeWords() if wake_words else None,
        voice_activity=ScriptedVoiceActivity(),
        judge=judge,
        stop_phrases=ScriptedStopPhrases(),
    )


def scripted_listener(rules: Rules | None = None) -> Listener:
    return Listener(rules or Rules(), scripted_engines())
