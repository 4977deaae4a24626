"""A Piper voice of a few hundred bytes, written by hand: its sound is the text's phoneme ids."""

from __future__ import annotations

import json
import struct
from pathlib import Path

SAMPLE_RATE_HZ = 22_050
_INT64, _FLOAT, _ATTRIBUTE_INT, _INT_TYPE = 7, 1, 3, 2


def write_tiny_voice(directory: Path, *, scaled: bool = False, repeats: int = 1) -> Path:
    """Write `tiny.onnx` and its config. The model is a single Cast, int64 → float.

    `scaled`: it says all of it as many times as the length scale asks, times `repeats`.
    """
    name = "cast" if scaled else "output"
    cast = _text(1, "input") + _text(2, name) + _text(4, "Cast") + _to(_FLOAT)
    graph = _bytes(1, cast)
    if scaled:
        graph += _repeat(name, repeats)
    graph += _text(2, "tiny")
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


def _to(kind: int) -> bytes:
    return _bytes(5, _text(1, "to") + _int(_ATTRIBUTE_INT, kind) + _int(20, _INT_TYPE))


def _repeat(name: str, repeats: int) -> bytes:
    """Tile the sound by (1, repeats × scales[1]): scales are noise, length, noise of lengths."""
    gather = _text(1, "scales") + _text(1, "second") + _text(2, "length") + _text(4, "Gather")
    times = _text(1, "length") + _text(1, "repeats") + _text(2, "times") + _text(4, "Mul")
    whole = _text(1, "times") + _text(2, "whole") + _text(4, "Cast") + _to(_INT64)
    both = _text(1, "once") + _text(1, "whole") + _text(2, "both") + _text(4, "Concat")
    both += _bytes(5, _text(1, "axis") + _int(_ATTRIBUTE_INT, 0) + _int(20, _INT_TYPE))
    tile = _text(1, name) + _text(1, "both") + _text(2, "output") + _text(4, "Tile")
    nodes = b"".join(_bytes(1, node) for node in (gather, times, whole, both, tile))
    constants = (
        ("second", _INT64, struct.pack("<q", 1)),
        ("once", _INT64, struct.pack("<q", 1)),
        ("repeats", _FLOAT, struct.pack("<f", repeats)),
    )
    for label, kind, raw in constants:
        nodes += _bytes(5, _int(1, 1) + _int(2, kind) + _text(8, label) + _bytes(9, raw))
    return nodes


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
