"""What the head of a GGUF says of the memory that its model takes (ggml/docs/gguf.md)."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from pichat.errors import UnavailableError

ENGINE_BYTES = 120_000_000  # Python, llama.cpp and what it computes in, without a model
_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_KEYS, _LONGEST_TEXT = 10_000, 1 << 24
_NUMBERS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_TEXT, _LIST = 8, 9
_KV_BYTES = 2  # 16 bits a value


class Dimensions(msgspec.Struct, frozen=True, kw_only=True):
    """`kv_token_bytes`: what a token of the context takes. `context_tokens`: the most that the
    model was taught."""

    file_bytes: int
    kv_token_bytes: int
    context_tokens: int

    def need_bytes(self, context_tokens: int) -> int:
        """The memory that the model takes with a context of so many tokens."""
        kept = min(context_tokens, self.context_tokens) * self.kv_token_bytes
        return ENGINE_BYTES + self.file_bytes + kept


def read_dimensions(path: Path) -> Dimensions:
    """Raises UnavailableError, whose sentence says what is wrong with the file."""
    if not path.is_file():
        raise UnavailableError(f"There is no language model “{path}”.")
    try:
        with path.open("rb") as file:
            head = _Head(file)
    except OSError as error:
        raise UnavailableError(f"“{path}” cannot be read: {error.strerror}.") from error
    except _NoGgufError as error:
        raise UnavailableError(f"“{path.name}” is no language model in a GGUF file.") from error
    except (ValueError, struct.error) as error:
        raise UnavailableError(f"The language model “{path.name}” is damaged.") from error
    return Dimensions(
        file_bytes=path.stat().st_size,
        kv_token_bytes=head.kv_token_bytes,
        context_tokens=head.number("context_length", 1 << 31),
    )


class _NoGgufError(Exception):
    pass


class _Head:
    """The keys up to those of the tokenizer, which are long and come last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        if file.read(4) != _MAGIC:
            raise _NoGgufError
        version, _, count = struct.unpack("<IQQ", file.read(20))
        if version not in _VERSIONS or count > _MOST_KEYS:
            raise ValueError("an unknown kind of head")
        self._values: dict[str, Any] = {}
        for _ in range(count):
            key = self._text()
            if key.startswith("tokenizer."):
                break
            self._values[key] = self._value(self._number("<I"))
        self._kind = str(self._values.get("general.architecture", ""))
        if not self._kind or not self.number("block_count", 0):
            raise _NoGgufError

    def number(self, key: str, default: int) -> int:
        """Of the model; the greatest when each layer has its own."""
        value = self._values.get(f"{self._kind}.{key}", default)
        return int(max(value)) if isinstance(value, list) else int(value)

    @property
    def kv_token_bytes(self) -> int:
        heads = max(1, self.number("attention.head_count", 1))
        width = self.number("embedding_length", 0) // heads
        key = self.number("attention.key_length", width)
        value = self.number("attention.value_length", width)
        kept = self._values.get(f"{self._kind}.attention.head_count_kv", heads)
        layers = self.number("block_count", 0)
        total = sum(kept) if isinstance(kept, list) else int(kept) * layers
        return total * (key + value) * _KV_BYTES

    def _read(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) != count:
            raise ValueError("it ends too early")
        return data

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._read(struct.calcsize(form)))[0]

    def _text(self) -> str:
        length = self._number("<Q")
        if length > _LONGEST_TEXT:
            raise ValueError("a text without end")
        return self._read(length).decode("utf-8", "replace")

    def _value(self, kind: int) -> Any:
        if kind == _TEXT:
            return self._text()
        if kind == _LIST:
            item, count = self._number("<I"), self._number("<Q")
            if count > _LONGEST_TEXT:
                raise ValueError("a list without end")
            return [self._value(item) for _ in range(count)]
        if kind not in _NUMBERS:
            raise ValueError("an unknown kind of value")
        return self._number(_NUMBERS[kind])
