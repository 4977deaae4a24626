"""Recordings: a WAV of any rate, width and channel count → 16 kHz mono.

The headers are read here because the standard library's `wave` on Python 3.11 refuses
WAVE_FORMAT_EXTENSIBLE, which recorders write for 24 bit and for several channels, and float.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from pichat.audio.pcm import BLOCK_BYTES, SAMPLE_RATE_HZ
from pichat.errors import BadRequestError

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WIDTHS = {_PCM: (1, 2, 3, 4), _FLOAT: (4, 8)}


class Format(NamedTuple):
    """What a `fmt ` chunk says. `tag` is 1 for integers and 3 for floats."""

    tag: int
    channels: int
    sample_rate_hz: int
    width_bytes: int


def read_wav(data: bytes, *, longest_s: float = 600.0) -> bytes:
    """The recording as 16 kHz mono int16. Raises BadRequestError with one sentence."""
    chunks = dict(_chunks(data))
    if b"fmt " not in chunks or b"data" not in chunks:
        raise BadRequestError("That is not a WAV file.")
    form = _format(chunks[b"fmt "])
    frame_bytes = form.width_bytes * form.channels
    body = chunks[b"data"]
    body = body[: len(body) - len(body) % frame_bytes]
    if not body:
        raise BadRequestError("That WAV file holds no sound.")
    if len(body) / frame_bytes / form.sample_rate_hz > longest_s:
        raise BadRequestError(f"That WAV file is longer than {longest_s:.0f} s.")
    mono = _floats(body, form).reshape(-1, form.channels).mean(axis=1, dtype=np.float32)
    if form.sample_rate_hz != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, form.sample_rate_hz, SAMPLE_RATE_HZ)
    return bytes((np.clip(np.nan_to_num(mono), -1, 1) * 32767).round().astype(np.int16))


def blocks(pcm: bytes) -> Iterator[bytes]:
    """16 kHz mono sound as 20 ms blocks, the last one filled up with silence."""
    for start in range(0, len(pcm), BLOCK_BYTES):
        yield pcm[start : start + BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        # A program that streams writes a size it does not know: take what is there.
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _format(chunk: bytes) -> Format:
    if len(chunk) < 16:
        raise BadRequestError("That WAV file is broken: its format is cut off.")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = struct.unpack_from("<H", chunk, 24)[0]
    if tag not in _WIDTHS or bits // 8 not in _WIDTHS[tag] or bits % 8:
        raise BadRequestError("That WAV file is compressed; only plain PCM or float can be read.")
    if not 1 <= channels <= 64 or not 1000 <= rate <= 768_000:
        raise BadRequestError("That WAV file names a rate or a channel count that cannot be.")
    return Format(tag, channels, rate, bits // 8)


def _floats(body: bytes, form: Format) -> npt.NDArray[np.float32]:
    """Samples in -1 to 1, still interleaved. WAV is little-endian; 8 bit is unsigned."""
    if form.tag == _FLOAT:
        return np.frombuffer(body, dtype=f"<f{form.width_bytes}").astype(np.float32)
    if form.width_bytes == 1:
        return (np.frombuffer(body, dtype=np.uint8).astype(np.float32) - 128) / np.float32(128)
    if form.width_bytes == 3:
        # numpy has no 24 bit type: put each sample in the upper bytes of 32 bits.
        wide = np.zeros((len(body) // 3, 4), dtype=np.uint8)
        wide[:, 1:] = np.frombuffer(body, dtype=np.uint8).reshape(-1, 3)
        body, width = wide.tobytes(), 4
    else:
        width = form.width_bytes
    whole = np.frombuffer(body, dtype=f"<i{width}").astype(np.float32)
    return whole / np.float32(2 ** (8 * width - 1))
