"""Every scenario file beside this one, as a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.form import read
from tests.scenarios.play import play

FOLDER = Path(__file__).parent / "files"
FILES = sorted(FOLDER.glob("*.yaml"))
_LONG = {file for file in FILES if read(file).long}


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, id=file.stem, marks=[pytest.mark.long] if file in _LONG else [])
        for file in FILES
    ],
)
def test_scenario(file: Path) -> None:
    played = play(read(file), file.parent)
    assert not played.mistakes, f"\n{played}"
