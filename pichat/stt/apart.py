"""A recogniser, and a spotter of stop phrases, each in a process of its own; see child.py."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from pichat.stt.base import Vocabulary, open_recogniser
from pichat.stt.child import Answer, Child, serve_child


class Apart:
    """Implements Recogniser with `engine` in a child process."""

    def __init__(self, engine: str, vocabulary: Vocabulary) -> None:
        files = (str(vocabulary.language_model), str(vocabulary.dictionary))
        self._child = Child(__name__, "recogniser", engine, *files)

    @property
    def pid(self) -> int:
        return self._child.pid

    def begin(self) -> None:
        """See Recogniser."""
        self._child.send(b"b")

    def feed(self, pcm: bytes) -> None:
        """See Recogniser."""
        self._child.send(b"f" + pcm)

    def drop(self) -> None:
        """See Recogniser."""
        self._child.send(b"d")

    def partial(self) -> str:
        """See Recogniser."""
        self._child.send(b"p")
        return self._child.receive().decode()

    def so_far(self) -> str:
        """See Recogniser."""
        self._child.send(b"s")
        return self._child.receive().decode()

    def look_again(self) -> tuple[str, ...]:
        """See Recogniser."""
        return self._candidates(b"l")

    def finish(self) -> tuple[str, ...]:
        """See Recogniser."""
        return self._candidates(b"e")

    def close(self) -> None:
        """See Recogniser."""
        self._child.close()

    def _candidates(self, question: bytes) -> tuple[str, ...]:
        self._child.send(question)
        return msgspec.json.decode(self._child.receive(), type=tuple[str, ...])


class PhrasesApart:
    """KeyPhrases in a child process: what was spotted is told with the next sound."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._child = Child(__name__, "phrases", *phrases)

    def process(self, pcm: bytes) -> str | None:
        """See KeyPhrases."""
        self._child.send(b"f" + pcm)
        found = self._child.received()
        return None if found is None else found.decode()

    def reset(self) -> None:
        """See KeyPhrases."""
        self._child.send(b"r")
        while self._child.receive():  # what was spotted before is forgotten too
            pass

    def close(self) -> None:
        """End the process."""
        self._child.close()


def _recogniser(engine: str, language_model: str, dictionary: str) -> Answer:
    files = Vocabulary(language_model=Path(language_model), dictionary=Path(dictionary))
    recogniser = open_recogniser(engine, files)

    def answer(message: bytes) -> bytes | None:
        match message[:1]:
            case b"b":
                recogniser.begin()
            case b"f":
                recogniser.feed(message[1:])
            case b"d":
                recogniser.drop()
            case b"p":
                return recogniser.partial().encode()
            case b"s":
                return recogniser.so_far().encode()
            case b"l":
                return msgspec.json.encode(recogniser.look_again())
            case b"e":
                return msgspec.json.encode(recogniser.finish())
        return None

    return answer


def _phrases(*phrases: str) -> Answer:
    from pichat.stt.keyphrase import KeyPhrases  # brings numpy, which the recogniser does without

    spotter = KeyPhrases(phrases)

    def answer(message: bytes) -> bytes | None:
        if message[:1] == b"r":
            spotter.reset()
            return b""
        found = spotter.process(message[1:])
        return found.encode() if found else None

    return answer


if __name__ == "__main__":
    descriptor, kind, *arguments = sys.argv[1:]
    if kind == "phrases":
        serve_child(descriptor, partial(_phrases, *arguments))
    serve_child(descriptor, partial(_recogniser, *arguments))
