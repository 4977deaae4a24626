"""What the head of a GGUF says, read without any library."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from pichat.errors import UnavailableError
from pichat.llm.gguf import ENGINE_BYTES, read_dimensions
from scripts.tiny_gguf import TINY
from tests.llm.conftest import Write


def test_the_memory_is_that_of_the_file_and_the_context(tiny: Write) -> None:
    path = tiny(shape=TINY)
    found = read_dimensions(path)
    assert found.file_bytes == path.stat().st_size
    assert found.context_tokens == TINY.context_tokens
    assert found.kv_token_bytes == TINY.layers * 2 * TINY.kv_width * 2
    need = ENGINE_BYTES + found.file_bytes + 4096 * found.kv_token_bytes
    assert found.need_bytes(4096) == need
    assert found.need_bytes(10**6) == found.need_bytes(TINY.context_tokens)


def test_layers_may_differ(tmp_path: Path) -> None:
    path = tmp_path / "hybrid.gguf"
    writer = gguf.GGUFWriter(path, "lfm2")
    writer.add_block_count(4)
    writer.add_embedding_length(1024)
    writer.add_context_length(128_000)
    writer.add_head_count(16)
    writer.add_head_count_kv([0, 8, 0, 8])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    assert read_dimensions(path).kv_token_bytes == 2 * 8 * (64 + 64) * 2


def test_a_head_that_is_cut_is_damaged(tiny: Write, tmp_path: Path) -> None:
    head = tiny().read_bytes()[:4000]
    for length in range(4, head.index(b"tokenizer."), 7):
        path = tmp_path / "cut.gguf"
        path.write_bytes(head[:length])
        with pytest.raises(UnavailableError, match="damaged"):
            read_dimensions(path)


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="There is no language model"):
        read_dimensions(tmp_path)
