"""Sound as files, piece by piece while it is being made.

WAV and plain samples need nothing. What is compressed is for PyAV to make, which is here where
Whisper is (the extra `whisper`), and is loaded when it is first needed: it takes some 20 MB.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from typing import Any, NamedTuple, Protocol

from pichat.audio.pcm import SAMPLE_BYTES

_UNKNOWN_LENGTH = 0xFFFFFFFF


class Encoder(Protocol):
    """Used by one thread at a time."""

    def add(self, pcm: bytes) -> bytes:
        """What can be written by now; may be empty. `pcm`: whole int16 samples, mono."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


class _Kind(NamedTuple):
    """How PyAV calls it, the rate that it has to have, if any, and the container's options."""

    container: str
    codec: str
    rate_hz: int | None = None
    options: tuple[tuple[str, str], ...] = ()


_COMPRESSED = {
    "mp3": _Kind("mp3", "libmp3lame", options=(("write_xing", "0"),)),
    "opus": _Kind("ogg", "libopus", 48_000, (("page_duration", "100000"),)),
    "aac": _Kind("adts", "aac"),
    "flac": _Kind("flac", "flac"),
}


def formats() -> tuple[str, ...]:
    """Those that can be made here."""
    return ("wav", "pcm", *(_COMPRESSED if find_spec("av") is not None else ()))


def encoder(name: str, sample_rate_hz: int) -> Encoder:
    """One of `formats` (ValueError otherwise). `pcm` is 24 kHz mono int16, as OpenAI has it. May
    take a moment the first time."""
    if name == "wav":
        return _Wav(sample_rate_hz)
    if name == "pcm":
        return _Resampled(sample_rate_hz, 24_000)
    if name not in formats():
        raise ValueError(f"no encoder {name!r}")
    return _Compressed(_COMPRESSED[name], sample_rate_hz)


class _Wav:
    """The length stands in front, where it is not known yet: readers take what comes."""

    def __init__(self, sample_rate_hz: int) -> None:
        rate = sample_rate_hz
        form = struct.pack("<HHIIHH", 1, 1, rate, rate * SAMPLE_BYTES, SAMPLE_BYTES, 16)
        self._header = b"RIFF" + struct.pack("<I", _UNKNOWN_LENGTH) + b"WAVEfmt "
        self._header += struct.pack("<I", len(form)) + form
        self._header += b"data" + struct.pack("<I", _UNKNOWN_LENGTH)

    def add(self, pcm: bytes) -> bytes:
        written, self._header = self._header + pcm, b""
        return written

    def finish(self) -> bytes:
        return self.add(b"")


class _Resampled:
    def __init__(self, from_hz: int, to_hz: int) -> None:
        import numpy as np
        import soxr

        self._int16 = np.int16
        self._read = np.frombuffer
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")

    def add(self, pcm: bytes) -> bytes:
        return self._stream.resample_chunk(self._read(pcm, dtype=self._int16)).tobytes()

    def finish(self) -> bytes:
        return self._stream.resample_chunk(self._read(b"", dtype=self._int16), last=True).tobytes()


class _Sink:
    """A file that cannot be read or wound back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class _Compressed:
    def __init__(self, kind: _Kind, sample_rate_hz: int) -> None:
        import av

        self._av = av
        self._rate_hz = sample_rate_hz
        self._sink = _Sink()
        self._container = av.open(
            self._sink, "w", format=kind.container, options=dict(kind.options)
        )
        rate_hz = kind.rate_hz or sample_rate_hz
        self._stream: Any = self._container.add_stream(kind.codec, rate=rate_hz, layout="mono")
        context: Any = self._stream.codec_context
        self._resampler = av.AudioResampler(
            format=context.format, layout="mono", rate=context.sample_rate
        )

    def add(self, pcm: bytes) -> bytes:
        import numpy as np

        if pcm:
            samples = np.frombuffer(pcm, dtype=np.int16).reshape(1, -1)
            frame = self._av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate = self._rate_hz
            self._encode(frame)
        return self._sink.take()

    def finish(self) -> bytes:
        self._encode(None)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return self._sink.take()

    def _encode(self, frame: Any) -> None:
        for converted in self._resampler.resample(frame):
            for packet in self._stream.encode(converted):
                self._container.mux(packet)
