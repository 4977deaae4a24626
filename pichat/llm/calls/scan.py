"""Finds the end of a JSON object or list that is still being written."""

from __future__ import annotations


class Scan:
    """`feed` is given the text piece by piece. Judges brackets and strings, nothing else."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = False
        self._escaped = False

    def feed(self, text: str) -> int | None:
        """How many characters of `text` belong to the value, when it ends in there. Space before
        the value belongs to it."""
        for at, character in enumerate(text):
            if self._in_string:
                self._inside(character)
            elif character == '"':
                self._in_string = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if self._depth <= 0:
                    return at + 1
        return None

    def _inside(self, character: str) -> None:
        if self._escaped:
            self._escaped = False
        elif character == "\\":
            self._escaped = True
        elif character == '"':
            self._in_string = False
