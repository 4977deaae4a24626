"""Rooms and bad microphones: noise, babble, echo and faults for sound as 16 kHz mono int16 bytes.

Only numpy, and the same seed gives the same sound. Levels are RMS in dB of full scale (dBFS).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pichat.audio.pcm import SAMPLE_RATE_HZ, samples

Wave = NDArray[np.float64]

_FULL_SCALE = 32768.0
_SPEECH_FLOOR_DB = -35  # what is so far under the loudest moment is a pause, not speech
_FRAME = 512  # of the talkers' synthesis: 32 ms, half overlapped
_FORMANTS_HZ = ((270, 850), (850, 2300), (2300, 3100))
_BANDWIDTHS_HZ = (90, 130, 200)


def white(seconds: float, seed: int, level_db: float = -30) -> bytes:
    """Hiss: the same power at every frequency."""
    return at_level(_pcm(_random(seed).normal(size=samples(seconds)) * 1000), level_db)


def pink(seconds: float, seed: int, level_db: float = -30) -> bytes:
    """Rain, traffic, a fan: the same power in every octave, from 20 Hz up."""
    count = samples(seconds)
    spectrum = np.fft.rfft(_random(seed).normal(size=count))
    frequencies_hz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)
    spectrum *= (frequencies_hz > 20) / np.sqrt(np.maximum(frequencies_hz, 20))
    return at_level(_pcm(np.fft.irfft(spectrum, count) * 1000), level_db)


def babble(seconds: float, seed: int, level_db: float = -30, talkers: int = 6) -> bytes:
    """People at the next table: syllables with a voice's pitch and formants, but no words."""
    random = _random(seed)
    talks = [_talker(samples(seconds), random) for _ in range(talkers)]
    return at_level(_pcm(np.sum(talks, axis=0) * 1000), level_db)


def tones(seconds: float, seed: int, level_db: float = -30) -> bytes:
    """Something like music: chords that change twice a second, with overtones and a decay."""
    random = _random(seed)
    count, note = samples(seconds), SAMPLE_RATE_HZ // 2
    at_s = np.arange(note) / SAMPLE_RATE_HZ
    wave = np.zeros(count + note)
    for start in range(0, count, note):
        for step in random.choice(24, size=3, replace=False):
            pitch_hz = 110 * 2 ** (step / 12)
            overtones = (np.sin(2 * np.pi * pitch_hz * k * at_s) / k for k in range(1, 6))
            wave[start : start + note] += np.sum(list(overtones), axis=0) * np.exp(-4 * at_s)
    return at_level(_pcm(wave[:count] * 1000), level_db)


def at_level(pcm: bytes, level_db: float) -> bytes:
    """`pcm` so loud that its RMS is `level_db`; peaks are limited to full scale."""
    wave = _wave(pcm)
    rms = np.sqrt(np.mean(wave**2)) if len(wave) else 0.0
    return _pcm(wave * (10 ** (level_db / 20) * _FULL_SCALE / rms)) if rms else pcm


def mix(*sounds: bytes) -> bytes:
    """All at once, as they are; as long as the longest."""
    wave = np.zeros(max(len(pcm) for pcm in sounds) // 2)
    for pcm in sounds:
        wave[: len(pcm) // 2] += _wave(pcm)
    return _pcm(wave)


def mix_at(speech: bytes, noise: bytes, snr_db: float) -> bytes:
    """`speech` in `noise`, which is repeated or cut to its length. The ratio is that of the speech
    without its pauses to the noise. Where the sum would clip, all of it is made quieter."""
    voice = _wave(speech)
    around = np.resize(_wave(noise), len(voice))
    gain = _speech_rms(voice) / (np.sqrt(np.mean(around**2)) or 1) / 10 ** (snr_db / 20)
    both = voice + around * gain
    peak = np.abs(both).max() / (_FULL_SCALE - 1)
    return _pcm(both / max(1.0, peak))


def louder(pcm: bytes, gain_db: float) -> bytes:
    """Made louder (or quieter, below 0 dB); what goes over full scale clips."""
    return _pcm(_wave(pcm) * 10 ** (gain_db / 20))


def clipped(pcm: bytes, overdrive_db: float = 20) -> bytes:
    """A microphone whose gain is so much too high that `overdrive_db` of the peaks are cut off."""
    wave = _wave(pcm)
    peak = np.abs(wave).max() or 1
    return _pcm(wave / peak * _FULL_SCALE * 10 ** (overdrive_db / 20))


def with_dc_offset(pcm: bytes, offset: float = 0.2) -> bytes:
    """A cheap sound card's constant, as a fraction of full scale."""
    return _pcm(_wave(pcm) + offset * _FULL_SCALE)


def in_room(pcm: bytes, seed: int, decay_s: float = 0.4, direct_db: float = 3) -> bytes:
    """From across a room whose echo falls by 60 dB in `decay_s`; the direct sound is `direct_db`
    over all of the echo. As long as before: the echo's tail is cut."""
    at_s = np.arange(samples(decay_s)) / SAMPLE_RATE_HZ
    echo = _random(seed).normal(size=len(at_s)) * 10 ** (-3 * at_s / decay_s)
    echo[: samples(0.003)] = 0
    echo /= np.sqrt(np.sum(echo**2)) * 10 ** (direct_db / 20)
    echo[0] = 1
    wave = _wave(pcm)
    return _pcm(_convolve(wave, echo)[: len(wave)])


def faster(pcm: bytes, factor: float) -> bytes:
    """Played `factor` times as fast: shorter, and higher in pitch."""
    wave = _wave(pcm)
    return _pcm(np.interp(np.arange(0, len(wave) - 1, factor), np.arange(len(wave)), wave))


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _wave(pcm: bytes) -> Wave:
    return np.frombuffer(pcm, np.int16).astype(np.float64)


def _pcm(wave: Wave) -> bytes:
    return np.clip(np.round(wave), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16).tobytes()


def _speech_rms(wave: Wave) -> float:
    count = max(1, len(wave) // 320)
    power = np.array([np.mean(frame**2) for frame in np.array_split(wave, count)])
    loud = power > power.max() * 10 ** (_SPEECH_FLOOR_DB / 10)
    return float(np.sqrt(power[loud].mean())) if loud.any() else 1.0


def _convolve(wave: Wave, response: Wave) -> Wave:
    size = 1 << (len(wave) + len(response) - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(response, size), size)


def _talker(count: int, random: np.random.Generator) -> Wave:
    """One voice: buzz or hiss through three formants that move with each syllable."""
    base_hz = random.uniform(85, 240)
    wave = np.zeros(count + 2 * _FRAME)
    window = np.hanning(_FRAME)
    frequencies_hz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE_HZ)
    at, phase = 0, 0.0
    while at < count:
        length = int(random.uniform(0.1, 0.3) * SAMPLE_RATE_HZ)
        pause = random.random() < 0.15
        loud, voiced = random.uniform(0.3, 1.0), random.random() < 0.8
        pitch_hz = base_hz * random.uniform(0.8, 1.25)
        shape = _formants(frequencies_hz, [random.uniform(*band) for band in _FORMANTS_HZ])
        for start in range(at, min(at + length, count), _FRAME // 2):
            if voiced:
                # The phase at the frame's own place keeps the buzz continuous over frames.
                cycles = phase + pitch_hz * np.arange(_FRAME) / SAMPLE_RATE_HZ
                source = 2 * (cycles % 1.0) - 1
                phase = (phase + pitch_hz * (_FRAME // 2) / SAMPLE_RATE_HZ) % 1.0
            else:
                source = random.normal(size=_FRAME) * 0.3
            rise = np.sin(np.pi * min(1.0, (start - at + _FRAME / 4) / length))
            if not pause:
                sound = np.fft.irfft(np.fft.rfft(source * window) * shape, _FRAME)
                wave[start : start + _FRAME] += sound * window * loud * rise
        at += length
    return wave[:count]


def _formants(frequencies_hz: NDArray[np.floating], centres_hz: list[float]) -> Wave:
    shape: Wave = np.full(len(frequencies_hz), 0.01)
    for number, (centre_hz, width_hz) in enumerate(zip(centres_hz, _BANDWIDTHS_HZ, strict=True)):
        shape += 0.5**number / (1 + ((frequencies_hz - centre_hz) / width_hz) ** 2)
    return shape
