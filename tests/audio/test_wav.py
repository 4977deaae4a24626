"""Recordings of every shape, made by sox, and files that are none."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pichat.audio.pcm import BLOCK_BYTES, SAMPLE_RATE_HZ
from pichat.audio.rechunk import Rechunker
from pichat.audio.resample import Converter
from pichat.audio.wav import blocks, read_wav
from pichat.errors import BadRequestError


def sox_tone(directory: Path, *form: str) -> bytes:
    file = directory / "tone.wav"
    command = ["sox", "-n", *form, str(file), "synth", "0.5", "sine", "440", "gain", "-6"]
    subprocess.run(command, check=True, capture_output=True)
    return file.read_bytes()


@pytest.mark.parametrize(
    "form",
    [
        "-r 16000 -c 1 -b 16",
        "-r 8000 -c 1 -b 8 -e unsigned-integer",
        "-r 11025 -c 1 -b 16",
        "-r 22050 -c 2 -b 16",
        "-r 44100 -c 2 -b 24",
        "-r 48000 -c 6 -b 32",
        "-r 48000 -c 1 -b 32 -e floating-point",
        "-r 96000 -c 2 -b 64 -e floating-point",
    ],
)
def test_any_recording_becomes_16_khz_mono(tmp_path: Path, form: str) -> None:
    sound = np.frombuffer(read_wav(sox_tone(tmp_path, *form.split())), np.int16)
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ / 2, abs=20)
    assert np.abs(sound[800:-800]).max() == pytest.approx(16_400, rel=0.03)
    spectrum = np.abs(np.fft.rfft(sound.astype(np.float64)))
    assert int(np.argmax(spectrum)) * SAMPLE_RATE_HZ / len(sound) == pytest.approx(440, abs=3)


def test_a_recording_that_ends_in_the_middle_of_a_sample(tmp_path: Path) -> None:
    whole = sox_tone(tmp_path, "-r", "16000", "-c", "2", "-b", "16")
    assert len(read_wav(whole[:-1001])) > 10_000


def _wav(tag: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16) -> bytes:
    form = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + form + b"data\x04\0\0\0\1\2\3\4"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "That is not a WAV file."),
        (b"ID3\4 music" * 50, "That is not a WAV file."),
        (b"RIFF\0\0\0\0WAVE", "That is not a WAV file."),
        (_wav(tag=85), "compressed"),
        (_wav(bits=12), "compressed"),
        (_wav(channels=0), "cannot be"),
        (_wav(rate=0), "cannot be"),
        (_wav()[:-4], "no sound"),
        (_wav(channels=64), "no sound"),
        (b"RIFF\0\0\0\0WAVEfmt \x02\0\0\0\1\0data\x04\0\0\0\1\2\3\4", "cut off"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_line(data: bytes, sentence: str) -> None:
    with pytest.raises(BadRequestError, match=sentence) as refused:
        read_wav(data)
    assert "\n" not in refused.value.sentence


def test_too_long_a_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequestError, match=r"longer than 0 s"):
        read_wav(sox_tone(tmp_path, "-r", "16000", "-c", "1", "-b", "16"), longest_s=0.4)


def test_blocks_are_all_of_one_length() -> None:
    cut = list(blocks(b"\1" * (BLOCK_BYTES + 10)))
    assert [len(block) for block in cut] == [BLOCK_BYTES, BLOCK_BYTES]
    assert cut[1] == b"\1" * 10 + bytes(BLOCK_BYTES - 10)


def test_the_rechunker_loses_and_repeats_nothing() -> None:
    data = bytes(range(256)) * 40
    rechunker = Rechunker(1024)
    out = [
        frame
        for start in range(0, len(data), 37)
        for frame in rechunker.feed(data[start : start + 37])
    ]
    assert b"".join(out) == data[: len(out) * 1024]
    assert len(out) == len(data) // 1024
    rechunker.reset()
    assert [*rechunker.feed(b"\1" * 1024)] == [b"\1" * 1024]


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(48_000, 1), (44_100, 2), (16_000, 2), (16_000, 1)]
)
def test_a_stream_converted_piece_by_piece_is_continuous(rate_hz: int, channels: int) -> None:
    at_s = np.arange(rate_hz) / rate_hz
    tone = (np.sin(2 * np.pi * 300 * at_s) * 10_000).astype(np.int16).repeat(channels).tobytes()
    convert = Converter(rate_hz, channels)
    piece = rate_hz // 50 * channels * 2
    parts = [convert(tone[start : start + piece]) for start in range(0, len(tone), piece)]
    sound = np.frombuffer(b"".join(parts) + convert(b"", last=True), np.int16).astype(np.int32)
    assert len(sound) == pytest.approx(SAMPLE_RATE_HZ, abs=5)
    # The steepest step of a 300 Hz sine of that height; a seam would be steeper.
    assert np.abs(np.diff(sound[200:-200])).max() < 1_250
