"""A Piper voice of a few hundred bytes, written by hand: its sound is the text's phoneme ids."""

from __future__ import annotations

import json
from pathlib import Path

SAMPLE_RATE_HZ = 22_050
_INT64, _FLOAT, _ATTRIBUTE_INT, _INT_TYPE = 7, 1, 3, 2


def write_tiny_voice(directory: Path) -> Path:
    """Write `tiny.onnx` and its config. The model is a single Cast, int64 → float."""
    cast = _text(1, "input") + _text(2, "output") + _text(4, "Cast")
    cast += _bytes(5, _text(1, "to") + _int(_ATTRIBUTE_INT, _FLOAT) + _int(20, _INT_TYPE))
    graph = _bytes(1, cast) + _text(2, "tiny")
    graph += _bytes(11, _tensor("input", _INT64, 2))
    graph += _bytes(11, _tensor("input_lengths", _INT64, 1))
    graph += _bytes(11, _tensor("scales", _FLOAT, 1))
    graph += _bytes(12, _tensor("output", _FLOAT, 2))
    path = directory / "tiny.onnx"
    path.write_bytes(_int(1, 8) + _bytes(7, graph) + _bytes(8, _int(2, 13)))
    letters = {chr(code): [code] for code in range(97, 123)}
    config = {
        "num_symbols": 128,
        "num_speakers": 1,
        "audio": {"sample_rate": SAMPLE_RATE_HZ},
        "espeak": {"voice": "en"},
        "phoneme_type": "text",
        "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], ".": [4], **letters},
    }
    Path(f"{path}.json").write_text(json.dumps(config))
    return path


def _tensor(name: str, kind: int, dimensions: int) -> bytes:
    shape = b"".join(_bytes(1, _text(2, f"{name}{axis}")) for axis in range(dimensions))
    return _text(1, name) + _bytes(2, _bytes(1, _int(1, kind) + _bytes(2, shape)))


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes((*out, value))


def _int(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _text(number: int, value: str) -> bytes:
    return _bytes(number, value.encode())
