"""Cutting an answer into sentences while it is still being written."""

from __future__ import annotations

import re

_END = re.compile(
    # A sentence's marks, markup that ends with it, and quotes; or a mark that needs no space.
    r"(?P<mark>[.!?…]+)(?P<markup>[*_`]*)[\"'”’)\]]*[*_`]*(?P<gap>\s)|(?P<wide>[。！？])|(?P<line>\n)"
)
_WORD = re.compile(r"[^\s(\[\"'“‘*_]*$")
_ITEM = re.compile(r"\s*(?:[*_]{0,3})?\d{1,9}$")
_FENCE = re.compile(r"`{3,}|~{3,}")

# Their full stop ends no sentence, whatever follows.
_NEVER = {
    "e.g", "i.e", "dr", "mr", "mrs", "ms", "prof", "st", "vs", "approx", "resp", "cf", "fig", "u.s",
    "u.k", "bzw", "z.b", "d.h", "u.a", "evtl", "ggf", "inkl", "nr", "ca", "p.ej", "sra", "np", "tj",
    "bv", "dhr", "mevr", "t.ex",
}  # fmt: skip
# It ends one when a capital follows, or a new line.
_PERHAPS = {
    "a.m", "p.m", "etc", "inc", "ltd", "jr", "min", "max", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug", "sep", "sept", "oct", "nov", "dec", "usw", "osv", "itp", "o.ä",
}  # fmt: skip
_LONGEST = 1000  # letters; one without an end is cut at a space
_NUMBERED = "no"  # “No.” is an answer, “No. 5” is not
# Where “3.” is “third”: 3. Mai, 3. maj, 3. května.
_ORDINAL_LANGUAGES = {
    "cs", "da", "de", "et", "fi", "hr", "hu", "is", "lb", "lv", "nb", "no", "pl", "sk", "sl", "sr",
    "tr",
}  # fmt: skip


class Sentences:
    """Cuts where a sentence has certainly ended: after its full stop and a space, at the end of a
    line (so each item of a list is one), and after a block of code or a table as a whole. What has
    no end for a thousand letters is cut at a space. What it gives is the same however the text was
    cut into pieces on its way.
    """

    def __init__(self, language: str = "en") -> None:
        self._ordinals = language.lower().replace("_", "-").partition("-")[0] in _ORDINAL_LANGUAGES
        self._open = ""
        self._new_line = True  # whether `_open` is the beginning of a line

    def add(self, text: str) -> list[str]:
        """The sentences that `text` completes."""
        self._open += text
        sentences = []
        while (sentence := self._take()) is not None:
            if sentence:
                sentences.append(sentence)
        return sentences

    def rest(self) -> str:
        """What has no end yet; it is forgotten here."""
        rest, self._open, self._new_line = self._open.strip(), "", True
        return rest

    def _take(self) -> str | None:
        """The next sentence, taken off; None until more of it is there."""
        start = len(self._open) - len(self._open.lstrip())
        self._new_line = self._new_line or "\n" in self._open[:start]
        self._open = self._open[start:]
        if not self._open:
            return None
        if self._new_line and (kind := self._open[0]) in "`~|":
            if kind == "|":
                return self._table()
            if len(self._open) < 3 and set(self._open) == {kind}:
                return None  # may become a fence
            fence = _FENCE.match(self._open)
            # A line that has more of them is ```code``` within a sentence.
            if fence and "`" not in self._open[fence.end() :].partition("\n")[0]:
                return self._code(fence[0])
        return self._sentence()

    def _code(self, fence: str) -> str | None:
        """A block of code, when its last line is there."""
        closed = re.compile(rf"\n[ \t]*{fence[0]}{{{len(fence)},}}[ \t]*\n").search(self._open)
        return None if closed is None else self._cut(closed.end() - 1, closed.end(), new_line=True)

    def _table(self) -> str | None:
        """A table, when a line begins that is none of its rows."""
        after = re.compile(r"\n(?=[ \t]*[^|\s]|[ \t]*\n)").search(self._open)
        return None if after is None else self._cut(after.start(), after.end(), new_line=True)

    def _sentence(self) -> str | None:
        # Only what is within the limit counts: so it does not matter how much is there beyond.
        for end in _END.finditer(self._open, 0, _LONGEST):
            if end["line"]:
                return self._cut(end.start(), end.end(), new_line=True)
            if self._in_code(end.start()):
                continue
            if end["wide"]:
                return self._cut(end.end(), end.end())
            if end["mark"] == ".":
                ends = self._full_stop(end)
                if ends is None:
                    break
                if not ends:
                    continue
            return self._cut(end.end("markup"), end.start("gap"))
        if len(self._open) < _LONGEST:
            return None
        space = self._open.rfind(" ", 0, _LONGEST)
        return self._cut(*((_LONGEST, _LONGEST) if space < 0 else (space, space + 1)))

    def _full_stop(self, end: re.Match[str]) -> bool | None:
        """Whether it ends a sentence; None until what follows it is there."""
        before = self._open[: end.start()]
        if end["gap"] == "\n":
            return True
        if self._new_line and _ITEM.fullmatch(before):
            return False
        found = _WORD.search(before)
        word = found[0].lower() if found else ""
        if word in _NEVER or (len(word) == 1 and word.isalpha() and word != "i"):
            return False
        if word.isdigit():
            return not (self._ordinals and len(word) <= 2)
        if word not in _PERHAPS and word != _NUMBERED:
            return True
        gap = self._open[end.start("gap") : _LONGEST]
        following = gap.lstrip()
        if not following:
            return True if "\n" in gap else None
        if "\n" in gap[: len(gap) - len(following)]:
            return True
        if following[0].isdigit():
            return False
        return word == _NUMBERED or not following[0].islower()

    def _in_code(self, at: int) -> bool:
        """Whether `code` is open there."""
        return self._open.count("`", 0, at) % 2 == 1

    def _cut(self, end: int, rest: int, *, new_line: bool = False) -> str:
        sentence, self._open = self._open[:end].strip(), self._open[rest:]
        self._new_line = new_line
        return sentence
