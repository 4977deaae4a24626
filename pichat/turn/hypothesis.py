"""What the recogniser holds of the command that is being said, and whether that is all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pichat.audio.pcm import BLOCK_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.intents.complete import Completeness
from pichat.stt.base import Recogniser

Judge = Callable[[str], Completeness]

_LOOK_BLOCKS = 10  # while somebody speaks: a look each 0.2 s, for the screens
_QUIET_LOOK_BLOCKS = 2  # while nobody does: each 40 ms, because the turn may be over
_LEAST_STEM = 4  # letters of a last word that another form of it may go on from
_SURE = 3  # so many of the likeliest candidates are asked whether the command is complete
_LOOKS_AGAIN = 2  # in one command: each costs a tenth of a second
_LONGEST_BYTES = 30 * SAMPLE_RATE_HZ * SAMPLE_BYTES


class Hypothesis:
    """One command at a time: `begin`, `feed`…, then `finish`, or `complete`, or `drop`.

    The likeliest text is the wrong one now and then, while the candidates of a look at the whole
    hold the command. Where the text says nothing, after `look_after_s` of quiet they are asked.
    """

    def __init__(self, judge: Judge, look_after_s: float) -> None:
        self._judge = judge
        self._look_after_blocks = round(look_after_s / BLOCK_S)
        self._recogniser: Recogniser | None = None
        self._heard = bytearray()
        self._open = False
        self._unlooked = 0
        self._quiet = 0
        self._looks = 0
        self._settled: tuple[str, ...] = ()
        self._skipped = bytearray()
        self._text = ""
        self.completeness = Completeness.UNKNOWN

    @property
    def able(self) -> bool:
        """Whether there is a recogniser."""
        return self._recogniser is not None

    @property
    def pcm(self) -> bytes:
        """The sound of the command so far, its last 30 s at most."""
        return bytes(self._heard[-_LONGEST_BYTES:])

    def use(self, recogniser: Recogniser | None) -> None:
        """Take another recogniser; the one before is closed."""
        self.close()
        self._recogniser = recogniser

    def close(self) -> None:
        self.drop()
        if self._recogniser is not None:
            self._recogniser.close()
            self._recogniser = None

    def begin(self, heard: Iterable[bytes]) -> None:
        """A command began, and this much of it was heard already."""
        if self._recogniser is None:
            return
        self._recogniser.begin()
        self._open = True
        self._heard.clear()
        self._forget()
        for block in heard:
            self._heard += block
            self._recogniser.feed(block)

    def feed(self, block: bytes, *, quiet: bool) -> str | None:
        """More of it; `quiet` when nobody seems to speak. The text, when it is a new one."""
        if self._recogniser is None or not self._open:
            return None
        self._heard += block
        self._quiet = self._quiet + 1 if quiet else 0
        if self._settled and quiet:
            self._skipped += block  # more silence would only have it all decoded anew
            return None
        self._unsettle()
        self._recogniser.feed(block)
        self._unlooked += 1
        new = None
        if self._unlooked >= (_QUIET_LOOK_BLOCKS if quiet else _LOOK_BLOCKS):
            self._unlooked = 0
            new = self._look()
        if self._quiet == self._look_after_blocks and self.completeness is Completeness.UNKNOWN:
            self._settle()
        return new

    def _look(self) -> str | None:
        """The text, when it is a new one."""
        text = self._recogniser.partial() if self._recogniser else ""
        if not text or text == self._text:
            return None
        self._text = text
        self.completeness = self._judge_unfinished(text)
        return text

    def finish(self) -> tuple[str, ...]:
        """The candidates, after a look at the whole."""
        if self._recogniser is None or not self._open:
            return ()
        candidates = self._recogniser.finish()
        self._open = False
        self._forget()
        return self._as_far_as_said(candidates)

    def complete(self) -> tuple[str, ...] | None:
        """The candidates, if a likely one is a whole command; else None, and hearing goes on. After
        it `drop` has to be called when there is time: that takes a moment."""
        if self._recogniser is None or not self._open:
            return None
        if not self._settled:
            text = self._recogniser.so_far()
            if text and self._judge(text) is Completeness.COMPLETE:
                return (text,)
            self._settle()
        return self._settled or None

    def _settle(self) -> None:
        """Look at the whole, and keep the candidates when they hold a command."""
        if self._recogniser is None or self._looks >= _LOOKS_AGAIN:
            return
        self._looks += 1
        candidates = self._as_far_as_said(self._recogniser.look_again())
        judged = (self._judge(text) for text in candidates[:_SURE])
        likeliest = next((found for found in judged if found is not Completeness.UNKNOWN), None)
        if likeliest is Completeness.COMPLETE:
            self._settled = candidates
            self.completeness = Completeness.COMPLETE

    def _unsettle(self) -> None:
        """It goes on."""
        if self._settled and self._recogniser is not None:
            self._settled = ()
            self.completeness = self._judge_unfinished(self._text)
            self._recogniser.feed(bytes(self._skipped))
            self._skipped.clear()

    def drop(self) -> None:
        """Nobody wants to know."""
        if self._recogniser is not None and self._open:
            self._recogniser.drop()
        self._open = False
        self._heard.clear()
        self._forget()

    def _judge_unfinished(self, text: str) -> Completeness:
        """A last word that leads nowhere is most often one that is still being said."""
        found = self._judge(text)
        before = text.rpartition(" ")[0]
        if found is Completeness.UNKNOWN and self._judge(before) is Completeness.OPEN:
            return Completeness.OPEN
        return found

    def _as_far_as_said(self, candidates: tuple[str, ...]) -> tuple[str, ...]:
        """Where the likeliest breaks off, a command that ends otherwise was guessed: "turn on
        the" is not "turn on light", while "is the door lock" may be "is the door locked"."""
        if not candidates or self._judge(candidates[0]) is not Completeness.OPEN:
            return candidates
        said = _last_word(candidates[0])
        return tuple(
            text
            for text in candidates
            if (last := _last_word(text)) == said
            or (len(said) >= _LEAST_STEM and last.startswith(said))
        )

    def _forget(self) -> None:
        self._unlooked = self._quiet = self._looks = 0
        self._settled = ()
        self._skipped.clear()
        self._text = ""
        self.completeness = Completeness.UNKNOWN


def _last_word(text: str) -> str:
    return text.rpartition(" ")[2]
