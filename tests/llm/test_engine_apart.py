"""Runs the tests of engine/ in a process of their own; see its conftest.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "engine"


@pytest.mark.parametrize("which", ["not long", pytest.param("long", marks=pytest.mark.long)])
@pytest.mark.timeout(900)
def test_the_engine(which: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", which]
    done = subprocess.run(
        [*command, str(FOLDER)],
        env={**os.environ, "PICHAT_TEST_ENGINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout.splitlines()[-1]
