"""What a recogniser is, and how the configured one is opened.

An engine is a file of this folder whose name is the config value; it has `create(vocabulary)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

import msgspec

from pichat.modules import load_engine


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The files that hold what may be said in this house."""

    language_model: Path  # ARPA trigrams
    dictionary: Path  # word and ARPAbet phones a line


class Recogniser(Protocol):
    """Decodes while the person speaks. Used from one thread at a time; every call blocks."""

    def begin(self) -> None:
        """Start an utterance; one that was not finished is dropped."""
        ...

    def feed(self, pcm: bytes) -> None:
        """Sound of any length: 16 kHz, mono, int16 little-endian. Ignored outside an utterance."""
        ...

    def partial(self) -> str:
        """The best text so far, "" for none."""
        ...

    def so_far(self) -> str:
        """The best text so far when it is as good as a candidate; "" when only `look_again` can
        tell. Takes no time."""
        ...

    def look_again(self) -> tuple[str, ...]:
        """What `finish` would give, though the utterance may go on. As slow as `finish`, and with
        the next sound all of it is decoded anew: for a moment in which it seems to be over. () when
        there is too much of it for that."""
        ...

    def finish(self) -> tuple[str, ...]:
        """End the utterance: candidate texts, likeliest first; () when nothing was heard. May take
        a tenth of a second, for it looks at the whole again."""
        ...

    def drop(self) -> None:
        """Forget the utterance, whose text nobody wants to know. Harmless outside one."""
        ...

    def close(self) -> None:
        """Free the engine; nothing may be called afterwards."""
        ...


def open_recogniser(engine: str, vocabulary: Vocabulary) -> Recogniser:
    """The engine with that vocabulary. Raises ConfigError when it is not known, UnavailableError
    when it cannot open the files."""
    return cast("Recogniser", load_engine("stt", engine, "speech recogniser").create(vocabulary))
