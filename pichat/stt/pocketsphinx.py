"""pocketsphinx over the home's own sentences: nothing to download, and able to refuse.

Speech about something else is not bent into a command, because the language model also holds
common words that no command has (see language_model.py), and because what comes out of `finish`
counts only when the intents understand it whole.
"""

from __future__ import annotations

import importlib
import statistics
from collections import deque
from itertools import islice
from typing import Any

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import UnavailableError
from pichat.stt.base import Vocabulary

CANDIDATES = 15
"""Enough for the right one to be among them nearly always; each costs the gate 1 to 3 ms."""

LONGEST_S = 10.0
"""No command takes longer to say, and the cost of a second of babble grows with the seconds before
it: what is longer is not decoded further, and was no command."""

LEARNT_S = 1.0
"""After so much sound the decoder knows the mean of this microphone's spectrum. Before that it
misses three times as many commands, so the first one is decoded again with what it taught: over
240 commands, each as a decoder's first, 221 right without and 234 with it."""

UTTERANCES = 5
"""The decoder listens with the median of what so many taught it, each coefficient by itself: one
or two that were a passing lorry or a song must not deafen it for the next command."""

AGAIN_S = 6.0
"""So much is quickly decoded anew, when a command goes on that was looked at as a whole."""


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
        self._fed_s = 0.0
        self._heard = bytearray()
        self._looked: tuple[str, ...] | None = None  # at the whole, which then got no more sound
        self._learnt = False
        self._means: deque[list[float]] = deque(maxlen=UTTERANCES)

    def begin(self) -> None:
        self.drop()
        self._listening = True
        self._odd = b""
        self._fed_s = 0.0
        self._heard.clear()
        self._start()

    def feed(self, pcm: bytes) -> None:
        if not self._listening:
            return
        pcm = self._odd + pcm
        whole = len(pcm) - len(pcm) % 2
        self._odd = pcm[whole:]
        self._fed_s += whole / SAMPLE_BYTES / SAMPLE_RATE_HZ
        if not whole or self._fed_s > LONGEST_S:
            return
        self._heard += pcm[:whole]
        if self._looked is None:
            self._decoder.process_raw(pcm[:whole])
        else:
            self._start()
            self._decoder.process_raw(bytes(self._heard))

    def partial(self) -> str:
        best = self._decoder.hyp() if self._listening else None
        return str(best.hypstr) if best else ""

    def so_far(self) -> str:
        return self.partial() if self._learnt else ""

    def look_again(self) -> tuple[str, ...]:
        if not self._listening or self._fed_s > AGAIN_S:
            return ()
        return self._look()

    def finish(self) -> tuple[str, ...]:
        if not self._listening:
            return ()
        candidates = () if self._fed_s > LONGEST_S else self._look()
        self.drop()
        return candidates

    def drop(self) -> None:
        if not self._listening:
            return
        self._listening = False
        if self._looked is None:
            self._decoder.end_utt()
        elif self._fed_s >= LEARNT_S:
            self._means.append([float(value) for value in self._decoder.get_cmn().split(",")])
            self._learnt = True

    def close(self) -> None:
        self.drop()
        self._decoder = None

    def _start(self) -> None:
        if self._means:
            middle = [statistics.median(values) for values in zip(*self._means, strict=True)]
            self._decoder.set_cmn(",".join(f"{value:.4f}" for value in middle))
        self._looked = None
        self._decoder.start_utt()

    def _look(self) -> tuple[str, ...]:
        """At the whole; a first one twice, with what it taught."""
        if self._looked is None:
            self._decoder.end_utt()
            if not self._learnt and self._fed_s >= LEARNT_S:
                self._decoder.start_utt()
                self._decoder.process_raw(bytes(self._heard))
                self._decoder.end_utt()
            self._looked = self._best()
        return self._looked

    def _best(self) -> tuple[str, ...]:
        best = self._decoder.hyp()
        if best is None or not best.hypstr:
            return ()
        others = [other for other in islice(self._decoder.nbest() or (), CANDIDATES) if other]
        texts = [best.hypstr, *(other.hypstr for other in others)]
        return tuple(dict.fromkeys(text for text in texts if text))


def create(vocabulary: Vocabulary) -> PocketSphinx:
    return PocketSphinx(vocabulary)
