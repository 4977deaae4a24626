"""Was this sentence in that sound? espeak-ng says the same words in the same way each time, so
the sentence is looked for as it is, wherever it begins and however loud it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from pichat.tts.espeak_ng import EspeakNg
from tests.support.pulse import RECORDED_RATE_HZ

Samples = npt.NDArray[np.float64]


async def as_spoken(text: str, language: str = "en") -> Samples:
    """What PiChat's own voice makes of `text`, at RECORDED_RATE_HZ, without the silence around."""
    async with EspeakNg().speak(text, language) as speech:
        pcm = b"".join([chunk async for chunk in speech.chunks])
    sound = np.frombuffer(pcm, np.int16).astype(np.float64)
    sound = np.asarray(soxr.resample(sound, speech.sample_rate_hz, RECORDED_RATE_HZ), np.float64)
    loud = np.flatnonzero(np.abs(sound) > np.abs(sound).max() * 0.02)
    return sound[loud[0] : loud[-1] + 1]


def likeness(recording: npt.NDArray[np.int16], sentence: Samples) -> float:
    """The highest correlation, 0 to 1, of `sentence` with any stretch of `recording`."""
    sound = recording.astype(np.float64)
    if len(sound) < len(sentence):
        return 0.0
    size = 1 << (len(sound) + len(sentence)).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(sentence, size))
    products = np.fft.irfft(spectrum, size)[: len(sound) - len(sentence) + 1]
    squares = np.concatenate(([0.0], np.cumsum(sound**2)))
    energy = squares[len(sentence) :] - squares[: -len(sentence)]
    # Silence correlates with nothing, whatever its rounding errors are.
    floor = max(float(energy.max()) * 1e-3, 1.0)
    scale = np.sqrt(np.maximum(energy, floor) * float((sentence**2).sum()))
    return float(np.max(products / scale))
