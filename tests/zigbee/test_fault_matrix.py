"""What can go wrong, and what the hub makes of it: each file of `scenarios/` is a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zigbee.scenario import play, scenario

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
MATRIX = {file.stem: scenario(file.read_text("utf-8"), file.name) for file in FILES}


def _marks(name: str) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.long] if MATRIX[name].long else []
    if (reason := MATRIX[name].unfixed) is not None:
        marks.append(pytest.mark.xfail(strict=True, reason=reason))
    return marks


@pytest.mark.parametrize("name", [pytest.param(name, marks=_marks(name)) for name in MATRIX])
async def test_scenario(name: str, paired_house: Path, tmp_path: Path) -> None:
    await play(tmp_path, paired_house, MATRIX[name])
