"""This machine: its memory, and which Raspberry Pi it is, if it is one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pichat.models.manifest import Board, Model

# What the system and PiChat itself take, with a microphone, a stick and a screen.
RESERVED_MB = 600
_SIZES_GB = (16, 8, 4, 2, 1)
_GB = 1024**3
# The graphics part and the kernel take a little of what the box says.
_SEEN = 0.8


class Machine(NamedTuple):
    """`board` is None for anything that is no Raspberry Pi, which counts as a Pi 5 does; older Pis
    count as a Pi 4."""

    memory_bytes: int
    board: Board | None = None

    @property
    def memory_gb(self) -> int:
        """The size that it was sold with: 1, 2, 4, 8 or 16 (that or more); 0 for less than 1."""
        return next((size for size in _SIZES_GB if self.memory_bytes >= size * _GB * _SEEN), 0)

    @property
    def spare_mb(self) -> int:
        """What models may take together. Never below 0."""
        return max(0, self.memory_bytes // 1_000_000 - RESERVED_MB)

    def recommends(self, model: Model) -> bool:
        return self.memory_gb in model.suits.get(self.board or "pi5", ())

    def __str__(self) -> str:
        names = {"pi4": "a Raspberry Pi 4 or older", "pi5": "a Raspberry Pi 5", None: "a computer"}
        name = names[self.board]
        return f"{name} with {self.memory_bytes / _GB:.1f} GB of memory"


def this_machine(proc: Path = Path("/proc")) -> Machine:
    """Read from /proc/meminfo (proc(5)) and the device tree. Without either: nothing known, so
    no memory, and nothing is recommended."""
    return Machine(_memory(proc / "meminfo"), _board(proc / "device-tree/model"))


def _memory(path: Path) -> int:
    try:
        found = re.search(r"^MemTotal:\s+(\d+) kB", path.read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _board(path: Path) -> Board | None:
    try:
        name = path.read_text(errors="replace")
    except OSError:
        return None
    if "Raspberry Pi 5" in name or "Compute Module 5" in name or "Raspberry Pi 500" in name:
        return "pi5"
    return "pi4" if "Raspberry Pi" in name else None
