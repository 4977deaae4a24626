"""Two opinions: microWakeWord listens for little work, openWakeWord verifies what it may hear.

Calibrated with flite's and espeak-ng's voices, clean and in noise (scripts/benches/wake.py measures
it again). microWakeWord alone takes “I like her” for “hey mycroft”; openWakeWord alone misses half
of what is said in noise. So:

- microWakeWord's gate is low: what it thinks next to impossible is looked at if it is not quite.
- openWakeWord then judges the sound of the last 2 seconds, and of the next half second.
- The word is told when openWakeWord is over its threshold; where microWakeWord is sure, a
  fifth of that is enough. A word's `threshold` in the config is openWakeWord's.

A word that only one engine has a model for is that engine's alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from pichat.audio.pcm import BLOCK_BYTES, BLOCK_S
from pichat.audio.rechunk import Rechunker
from pichat.config.types import WakeWord as WantedWord
from pichat.errors import ConfigError
from pichat.wake import microwakeword, openwakeword
from pichat.wake.base import Wake, WakeWords
from pichat.wake.features import Features
from pichat.wake.highest import Highest
from pichat.wake.microwakeword import MicroFeatures, MicroWord, load_micro
from pichat.wake.models import micro_words, name_of, open_words, unknown
from pichat.wake.openwakeword import THRESHOLD, OpenWord, load_open

log = structlog.get_logger(__name__)

# The logit that opens the gate. In an hour of unbroken chatter that is 60 to 220 times for a word,
# at 20 to 40 ms of work. The model of “hey jarvis” is narrow: at -5 it misses a third of what the
# other engine hears. After a very loud sound all scores are low for seconds.
_GATE = -5.0
_GATES = {"alexa": -7.0, "hey_jarvis": -10.0, "okay_nabu": -3.9}
_SURE = 0.6  # microWakeWord's mean of 90 ms
_SURE_WINDOW = 3
_WITH_SURE = 0.2  # of openWakeWord's threshold
_LIKELIER = -5.0
_HOLD_S = 0.6  # openWakeWord knows some words so long after their end
_SHORT_HOLD_S = 0.24  # for what only just came through a gate below _LIKELIER
_LOOKS_BACK = 4  # steps of 80 ms that its best score may lie before the gate opened
_OVER_BELOW = 0.5  # of microWakeWord's own cutoff: the utterance is over
_PIECE_BLOCKS = 2  # taken at once: with each piece the processor's caches have to be filled again
_PIECE_BYTES, _PIECE_S = _PIECE_BLOCKS * BLOCK_BYTES, _PIECE_BLOCKS * BLOCK_S
_REST_S = 0.5  # shorter than any word takes to be said again


class Candidate:
    """One word in both engines, and what they made of it since its gate opened."""

    def __init__(self, name: str, micro: MicroWord, verifier: OpenWord, threshold: float) -> None:
        self.name = name
        self.verifier = verifier
        self._told = False  # and microWakeWord still hears the same utterance
        self._micro = micro
        self._gate = _GATES.get(name_of(name), _GATE)
        self._threshold = threshold
        # A threshold that an owner has put near 1 stays there.
        self._enough = max(threshold * _WITH_SURE, 1 - (1 - threshold) * (2 - _WITH_SURE))
        self.forget()

    def forget(self) -> None:
        """Nothing may have been said."""
        self.open_s = 0.0  # for so much more sound
        self.fresh = True  # nothing was verified since the gate opened
        self.likely = 0.0  # openWakeWord's highest
        self._over = 0
        self._sure = 0.0
        self._taken = False

    def tell(self) -> None:
        """This word, or another, was told: what is still heard of it is no new one."""
        self.forget()
        self._told = True

    def listen(self, highest: Highest, *, resting: bool) -> None:
        """microWakeWord has a new probability."""
        mean = self._micro.mean()
        highest.note(self.name, mean)
        self._told = self._told and (resting or mean >= self._micro.cutoff * _OVER_BELOW)
        if self._told or (logit := self._micro.logit()) < self._gate:
            return
        if self.open_s <= 0:
            self.forget()
        self.open_s = max(self.open_s, _HOLD_S if logit >= _LIKELIER else _SHORT_HOLD_S)
        self._sure = max(self._sure, self._micro.mean(_SURE_WINDOW))
        self._taken = self._taken or mean >= self._micro.cutoff

    def verify(self, features: Features, ago: int, strict: bool) -> bool:
        """Whether openWakeWord, with the embedding `ago` steps before the last, takes the word."""
        score = self.verifier.score(features, ago)
        self.likely = max(self.likely, score)
        enough = self._enough if self._sure >= _SURE else self._threshold
        self._over = self._over + 1 if score >= enough else 0
        return self._over >= (2 if strict else 1)

    def opinion(self, *, near_miss: bool) -> Wake:
        scores = {microwakeword.ENGINE: self._sure, openwakeword.ENGINE: self.likely}
        return Wake(self.name, scores, near_miss)

    @property
    def was_near(self) -> bool:
        """One engine would have told the word by itself."""
        return self._taken or self.likely >= self._threshold

    def close(self) -> None:
        self._micro.close()
        self.verifier.close()


class TwoOpinions:
    """Implements WakeWords for words that both engines know."""

    def __init__(
        self,
        micro_files: Mapping[str, Path],
        open_files: Mapping[str, Path],
        thresholds: Mapping[str, float],
    ) -> None:
        self._pieces = Rechunker(_PIECE_BYTES)
        self._rows = MicroFeatures()
        self._micro = load_micro(micro_files)
        verifiers = load_open(open_files)
        self._candidates = {
            name: Candidate(name, word, verifiers[name], thresholds.get(name, THRESHOLD))
            for name, word in self._micro.items()
        }
        self._features = Features(max(word.count for word in verifiers.values()) + _LOOKS_BACK)
        pieces = -(-self._features.sound_bytes // _PIECE_BYTES)
        self._kept: deque[bytes] = deque(maxlen=pieces)
        self._verifying = False
        self._strict = False
        self._rest_s = 0.0
        self._heard, self._verified = Highest(), Highest()

    def process(self, pcm: bytes) -> Wake | None:
        """See WakeWords."""
        told: Wake | None = None
        for piece in self._pieces.feed(pcm):
            now = self._take(piece)
            if now and (told is None or told.near_miss):
                told = now
        return told

    def be_strict(self, strict: bool) -> None:
        """See WakeWords: openWakeWord has to be over its threshold twice in a row."""
        self._strict = strict

    def scores(self) -> dict[str, dict[str, float]]:
        """See WakeWords; openWakeWord is there when it was asked."""
        scores = {microwakeword.ENGINE: self._heard.take()}
        if verified := self._verified.take():
            scores[openwakeword.ENGINE] = verified
        return scores

    def close(self) -> None:
        """See WakeWords."""
        self._features.close()
        for candidate in self._candidates.values():
            candidate.close()

    def _take(self, piece: bytes) -> Wake | None:
        self._kept.append(piece)
        self._rest_s -= _PIECE_S
        for row in self._rows.feed(piece):
            for name, word in self._micro.items():
                if word.feed(row):
                    self._candidates[name].listen(self._heard, resting=self._rest_s > 0)
        opened = [each for each in self._candidates.values() if each.open_s > 0]
        return self._verify(opened, piece) or self._pass_time(opened)

    def _verify(self, opened: Sequence[Candidate], piece: bytes) -> Wake | None:
        """Ask openWakeWord about the words whose gate is open."""
        if not opened:
            self._verifying = False
            return None
        if self._verifying:
            taken = [c for _ in self._features.feed(piece) for c in opened if self._ask(c, 0)]
        else:
            self._verifying = True
            self._features.look_back(b"".join(self._kept))
            taken = []
        for candidate in opened:
            if candidate.fresh:
                candidate.fresh = False
                if any(self._ask(candidate, ago) for ago in range(_LOOKS_BACK, -1, -1)):
                    taken.append(candidate)
        if not taken:
            return None
        likeliest = max(taken, key=lambda candidate: candidate.likely)
        return self._tell(likeliest)

    def _ask(self, candidate: Candidate, ago: int) -> bool:
        taken = candidate.verify(self._features, ago, self._strict)
        self._verified.note(candidate.name, candidate.likely)
        return taken

    def _tell(self, candidate: Candidate) -> Wake:
        """The utterance is done with: its sound is forgotten, so that it is not told again."""
        wake = candidate.opinion(near_miss=False)
        self._kept.clear()
        self._verifying = False
        self._rest_s = _REST_S
        for each in self._candidates.values():
            each.tell()
        return wake

    def _pass_time(self, opened: Sequence[Candidate]) -> Wake | None:
        near: Wake | None = None
        for candidate in opened:
            candidate.open_s -= _PIECE_S
            if candidate.open_s <= 0 and candidate.was_near:
                near = candidate.opinion(near_miss=True)
        return near


class Together:
    """Implements WakeWords with several of them over the same sound."""

    def __init__(self, engines: Sequence[WakeWords]) -> None:
        self._engines = engines

    def process(self, pcm: bytes) -> Wake | None:
        """See WakeWords."""
        told = [wake for engine in self._engines if (wake := engine.process(pcm))]
        return min(told, key=lambda wake: wake.near_miss, default=None)

    def be_strict(self, strict: bool) -> None:
        """See WakeWords."""
        for engine in self._engines:
            engine.be_strict(strict)

    def scores(self) -> dict[str, dict[str, float]]:
        """See WakeWords."""
        together: dict[str, dict[str, float]] = {}
        for engine in self._engines:
            for name, scores in engine.scores().items():
                together.setdefault(name, {}).update(scores)
        return together

    def close(self) -> None:
        """See WakeWords."""
        for engine in self._engines:
            engine.close()


def create(words: Sequence[WantedWord], folder: Path | None) -> WakeWords:
    """See load_wake_words."""
    micro, opened = micro_words(folder), open_words(folder)
    names = {each.word: name_of(each.word) for each in words}
    known = {**micro, **opened}
    problems = [unknown(word, known, "PiChat") for word, name in names.items() if name not in known]
    if problems:
        raise ConfigError("\n".join(problems))
    thresholds = {w.word: w.threshold for w in words if w.threshold is not None}
    in_micro = {word: micro[name] for word, name in names.items() if name in micro}
    in_open = {word: opened[name] for word, name in names.items() if name in opened}
    shared = in_micro.keys() & in_open.keys()
    engines: list[WakeWords] = []
    if shared:
        only = [{w: files[w] for w in names if w in shared} for files in (in_micro, in_open)]
        engines.append(TwoOpinions(only[0], only[1], thresholds))
    for files, alone in (
        (in_micro, microwakeword.MicroWakeWords),
        (in_open, openwakeword.OpenWakeWords),
    ):
        if own := {word: file for word, file in files.items() if word not in shared}:
            log.info("wake words have one opinion", words=list(own), engine=alone.__module__)
            engines.append(alone(own, thresholds))
    return engines[0] if len(engines) == 1 else Together(engines)
