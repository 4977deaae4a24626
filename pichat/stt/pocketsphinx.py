"""pocketsphinx over the home's own sentences: nothing to download, and able to refuse.

Speech about something else is not bent into a command, because the language model also holds
common words that no command has (see language_model.py), and because what comes out of `finish`
counts only when the intents understand it whole.
"""

from __future__ import annotations

import importlib
from itertools import islice
from typing import Any

from pichat.errors import UnavailableError
from pichat.stt.base import Vocabulary

CANDIDATES = 15
"""Enough for the right one to be among them nearly always; each costs the gate 1 to 3 ms."""


class PocketSphinx:
    """See stt.base.Recogniser."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        pocketsphinx: Any = importlib.import_module("pocketsphinx")
        try:
            self._decoder: Any = pocketsphinx.Decoder(
                lm=str(vocabulary.language_model),
                dict=str(vocabulary.dictionary),
                loglevel="FATAL",
            )
        except RuntimeError as error:
            raise UnavailableError(
                "The speech recogniser could not open its vocabulary."
            ) from error
        self._listening = False
        self._odd = b""

    def begin(self) -> None:
        if self._listening:
            self._end()
        self._decoder.start_utt()
        self._listening = True
        self._odd = b""

    def feed(self, pcm: bytes) -> None:
        if not self._listening:
            return
        pcm = self._odd + pcm
        whole = len(pcm) - len(pcm) % 2
        self._odd = pcm[whole:]
        if whole:
            self._decoder.process_raw(pcm[:whole])

    def partial(self) -> str:
        best = self._decoder.hyp() if self._listening else None
        return str(best.hypstr) if best else ""

    def finish(self) -> tuple[str, ...]:
        if not self._listening:
            return ()
        self._end()
        best = self._decoder.hyp()
        if best is None or not best.hypstr:
            return ()
        others = (other.hypstr for other in islice(self._decoder.nbest() or (), CANDIDATES))
        return tuple(dict.fromkeys([best.hypstr, *(text for text in others if text)]))

    def close(self) -> None:
        if self._listening:
            self._end()
        self._decoder = None

    def _end(self) -> None:
        self._listening = False
        self._decoder.end_utt()


def create(vocabulary: Vocabulary) -> PocketSphinx:
    return PocketSphinx(vocabulary)
