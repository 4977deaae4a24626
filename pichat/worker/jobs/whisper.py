"""Whisper through faster-whisper: the whole of one utterance to text."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.errors import UnavailableError
from pichat.worker.job import Cancelled, Progress
from pichat.worker.settle import thread_count

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

    from pichat.vad.base import VoiceActivity

_FRAME_BYTES = 1024  # 32 ms, as Silero takes it
_WARM_UP = bytes(SAMPLE_RATE_HZ // 5 * SAMPLE_BYTES)
_SPEECH_PROBABILITY = 0.5
_SPEECH_FRAMES = 2
_FULL_SCALE = 32768

# A model that hears noise repeats itself until it may no longer, which costs seconds: it may say
# as much as a fast speaker could, in the languages that need the most tokens.
_FIRST_TOKENS, _TOKENS_PER_S, _MOST_TOKENS = 32, 16, 220
_REPETITIVE = 2.4  # the compression ratio by which OpenAI's decoder knows that


class Settings(msgspec.Struct, frozen=True):
    """`folder` holds a model that CTranslate2 can read."""

    folder: str


class Request(msgspec.Struct, frozen=True):
    """`pcm`: 16 kHz mono int16, at most 30 s. `language`: a code of Whisper's own."""

    pcm: bytes
    language: str


class Whisper:
    """Implements Job: one piece, the text, "" when nobody speaks in the sound."""

    def __init__(self, model: WhisperModel, voice_activity: VoiceActivity) -> None:
        self._model = model
        self._voice_activity = voice_activity

    def run(self, request: Request, cancelled: Cancelled) -> Generator[str, None, None]:
        """See Job. The model itself cannot be interrupted."""
        if request.language != "en" and not self._model.model.is_multilingual:
            raise UnavailableError("The speech model that is installed knows English only.")
        yield self._text(request) if self._somebody_speaks(request.pcm, cancelled) else ""

    def _somebody_speaks(self, pcm: bytes, cancelled: Cancelled) -> bool:
        """Whisper writes "Thank you." and worse for noise; this hears the difference, and is a
        hundred times cheaper."""
        self._voice_activity.reset()
        self._voice_activity.process(_WARM_UP)
        frames = 0
        for start in range(0, len(pcm), _FRAME_BYTES):
            probability = self._voice_activity.process(pcm[start : start + _FRAME_BYTES])
            frames += probability is not None and probability >= _SPEECH_PROBABILITY
            if frames == _SPEECH_FRAMES or cancelled():
                break
        return frames == _SPEECH_FRAMES

    def _text(self, request: Request) -> str:
        import numpy as np

        sound = np.frombuffer(request.pcm, np.int16).astype(np.float32) / _FULL_SCALE
        tokens = _FIRST_TOKENS + _TOKENS_PER_S * len(sound) // SAMPLE_RATE_HZ
        segments, _ = self._model.transcribe(
            sound,
            language=request.language,
            beam_size=1,
            temperature=0,
            without_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=0.6,
            log_prob_threshold=-1.0,
            max_new_tokens=min(tokens, _MOST_TOKENS),
            vad_filter=False,
        )
        said = [part.text for part in segments if part.compression_ratio <= _REPETITIVE]
        return "".join(said).strip()


def load(settings: Settings, progress: Progress) -> Whisper:
    """See JobFile."""
    from faster_whisper import WhisperModel

    from pichat.vad.base import load_voice_activity

    voice_activity = load_voice_activity("silero")
    progress(0.3)
    model = WhisperModel(
        str(Path(settings.folder)),
        device="cpu",
        compute_type="int8",
        cpu_threads=thread_count(),
        num_workers=1,
        local_files_only=True,
    )
    progress(1.0)
    return Whisper(model, voice_activity)
