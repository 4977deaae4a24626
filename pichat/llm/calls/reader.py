"""Takes an answer apart while it is being written: text, thoughts, and calls."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pichat.llm.calls.scan import Scan
from pichat.llm.calls.syntax import Syntax

THINK, THOUGHT = "<think>", "</think>"


class Block(NamedTuple):
    """What stood between the start and the end of a call, or of a list of them."""

    text: str


class Reader:
    """`feed` is given the answer piece by piece, cut anywhere, and returns what is certain by then:
    no part of a marker ever comes out as text, no thought, and no space at the beginning.

    `syntax`: None when the model may not call. `thinking`: the prompt ends within a thought.
    `stops`: the answer ends before any of them. `over`: nothing that follows counts.
    """

    def __init__(
        self, syntax: Syntax | None, *, thinking: bool = False, stops: tuple[str, ...] = ()
    ) -> None:
        self._syntax = syntax
        self._stops = stops
        calls = (syntax.start, syntax.end) if syntax is not None else ()
        self._marks = [mark for mark in (THINK, THOUGHT, *calls, *stops) if mark]
        self._mode: Literal["text", "thought", "call"] = "thought" if thinking else "text"
        self._begins = True  # no text yet, or none since a call
        self._first = True  # neither text nor call yet
        self._held = ""
        self._scan = Scan()
        self._value_end: int | None = None
        self._block = ""
        self.over = False

    @property
    def in_call(self) -> bool:
        return self._mode == "call"

    @property
    def in_block(self) -> str:
        """What of the call that has begun is there already."""
        return self._block if self.in_call else ""

    def begin_call(self) -> None:
        """A call begins here, whether or not its start is read. Forgets what is held, and what of
        the call is there already."""
        self._mode = "call"
        self._held = self._block = ""
        self._scan, self._value_end = Scan(), None
        self._begins = self._first = False

    def feed(self, text: str) -> list[str | Block]:
        found: list[str | Block] = []
        self._held += text
        while not self.over and self._step(found):
            pass
        return [piece for piece in found if piece]

    def close(self) -> list[str | Block]:
        """The answer is complete. A call that lacks only its end counts; the beginning of a marker
        does not, since it is none of the answer's words."""
        if self.over:
            return []
        self.over = True
        if self._mode == "call":
            whole = self._value_end is not None
            return [Block(self._block[: self._value_end])] if whole else []
        held = self._held if self._mode == "text" else ""
        markers = [mark for mark in self._marks if mark not in self._stops]
        if len(held) > 1 and any(mark.startswith(held) for mark in markers):
            held = ""
        return [held] if held else []

    def _step(self, found: list[str | Block]) -> bool:
        """One thing more from what is held; False when more must be known first."""
        if self._mode == "thought":
            return self._skip_thought()
        if self._mode == "call":
            return self._read_call(found)
        return self._read_text(found)

    def _skip_thought(self) -> bool:
        _, mark, rest = self._held.partition(THOUGHT)
        if not mark:
            self._held = self._held[-len(THOUGHT) + 1 :]
            return False
        self._held, self._mode, self._begins = rest, "text", True
        return True

    def _read_text(self, found: list[str | Block]) -> bool:
        if self._begins:
            self._held = self._held.lstrip()
            if not self._held:
                return False
        if self._first and self._syntax and self._syntax.bare and self._held.startswith("{"):
            held = self._held
            self.begin_call()
            self._held = held
            return True
        at, mark = min(
            ((self._held.find(mark), mark) for mark in self._marks if mark in self._held),
            default=(-1, ""),
            key=lambda place: (place[0], -len(place[1])),
        )
        if at < 0:
            at = len(self._held) - self._doubtful()
        if at:
            found.append(self._held[:at])
            self._begins = self._first = False
        self._held = self._held[at + len(mark) :]
        if mark:
            self._pass(mark)
        return bool(mark)

    def _pass(self, mark: str) -> None:
        held = self._held
        if mark in self._stops:
            self.over = True
        elif mark == THINK:
            self._mode = "thought"
        elif self._syntax and mark == self._syntax.start:
            self.begin_call()
            self._held = held

    def _doubtful(self) -> int:
        """How many of the last characters may be the beginning of a marker."""
        longest = min(len(self._held), max(map(len, self._marks)) - 1)
        return next(
            (
                length
                for length in range(longest, 0, -1)
                if any(mark.startswith(self._held[-length:]) for mark in self._marks)
            ),
            0,
        )

    def _read_call(self, found: list[str | Block]) -> bool:
        text, self._held = self._held, ""
        if self._value_end is None:
            ended = self._scan.feed(text)
            if ended is not None:
                self._value_end = len(self._block) + ended
        self._block += text
        if self._value_end is None or self._syntax is None:
            return False
        rest, end = self._block[self._value_end :].lstrip(), self._syntax.end
        if rest != end and end.startswith(rest):
            return False
        found.append(Block(self._block[: self._value_end]))
        self._mode, self._begins, self._block = "text", True, ""
        self._held = rest.removeprefix(end)
        self.over = not self._syntax.again
        return True
