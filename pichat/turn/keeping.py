"""Which sound is kept, as far as the owner allows."""

from __future__ import annotations

from pichat.turn.heard import Heard, HeardEnd, HeardNearMiss, HeardWake
from pichat.turn.kept import KeptSound
from pichat.turn.runs import Runs


class Keeping:
    """Called with what was heard in a turn. None: that is not kept."""

    def __init__(self, runs: Runs | None, wakes: KeptSound | None) -> None:
        self._runs = runs
        self._wakes = wakes

    def __call__(self, turn_id: str, event: Heard) -> None:
        match event:
            case HeardEnd(pcm=pcm) if self._runs is not None:
                self._runs.keep(turn_id, pcm)
            case HeardWake(word=word, scores=scores, pcm=pcm) if self._wakes is not None and pcm:
                self._wakes.save("wake", word, max(scores.values(), default=0.0), pcm)
            case HeardNearMiss(word=word, scores=scores, pcm=pcm) if self._wakes is not None:
                self._wakes.save("near_miss", word, max(scores.values(), default=0.0), pcm)
