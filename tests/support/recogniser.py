"""A recogniser for tests: it keeps what it was given and answers what it was told to."""

from __future__ import annotations


class KeptRecogniser:
    """Implements Recogniser. `candidates` is what it answers in the end, `again` before that;
    `heard` holds the sound of each command, `looks` how often it looked again."""

    def __init__(self, *candidates: str, again: tuple[str, ...] = ()) -> None:
        self.candidates = candidates
        self.again = again
        self.looks = 0
        self.heard: list[bytearray] = []
        self.closed = False
        self._open = False

    def begin(self) -> None:
        assert not self._open, "begun twice"
        assert not self.closed, "used after it was closed"
        self._open = True
        self.heard.append(bytearray())

    def feed(self, pcm: bytes) -> None:
        assert self._open, "not begun"
        self.heard[-1] += pcm

    def partial(self) -> str:
        assert self._open, "not begun"
        return f"{len(self.heard[-1]) // 16_000} half seconds"

    def so_far(self) -> str:
        assert self._open, "not begun"
        return ""

    def look_again(self) -> tuple[str, ...]:
        assert self._open, "not begun"
        self.looks += 1
        return self.again

    def finish(self) -> tuple[str, ...]:
        assert self._open, "not begun"
        self._open = False
        return self.candidates

    def drop(self) -> None:
        self._open = False

    def close(self) -> None:
        assert not self._open, "closed while it listens"
        self.closed = True
