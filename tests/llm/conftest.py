"""Models of no size, written once for all tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.tiny_gguf import SMALLEST, write_tiny_gguf

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Takes what write_tiny_gguf takes but the path; two alike are one file."""
    folder = tmp_path_factory.mktemp("gguf")
    written: dict[str, Path] = {}

    def write(**options: Any) -> Path:
        options = {"shape": SMALLEST, **options}
        key = repr(sorted(options.items()))
        if key not in written:
            written[key] = write_tiny_gguf(folder / f"m{len(written)}.gguf", **options)
        return written[key]

    return write
