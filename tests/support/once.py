"""What takes long to make, made once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def made_once(name: str, make: Callable[[Path], None], copy: Path) -> Path:
    """A copy, at `copy`, of the folder that `make` filled, here or in another process; sockets are
    left out. Whoever comes meanwhile waits (see tests/conftest.py)."""
    shared = Path(os.environ["PICHAT_TEST_SHARED"])
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = shared / name
        if not folder.exists():
            making = shared / f"{name}.{os.getpid()}"
            making.mkdir()
            make(making)
            making.rename(folder)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("control*", "*.sock"))
    return copy
