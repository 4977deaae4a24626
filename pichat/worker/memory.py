"""Whether there is room for a model."""

from __future__ import annotations

from pathlib import Path

from pichat.errors import UnavailableError

MEMINFO = Path("/proc/meminfo")
_MB = 1_000_000


def available_bytes(meminfo: Path = MEMINFO) -> int | None:
    """What could be taken without swapping (proc(5), MemAvailable); None when it is not told."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = (line.split() for line in lines if line.startswith("MemAvailable:"))
    return next((int(words[1]) * 1024 for words in found), None)


def require_memory(need_bytes: int, name: str, meminfo: Path = MEMINFO) -> None:
    """Raises UnavailableError when less than `need_bytes` is free: give it what the model takes
    at least, since what the kernel could still make free is an estimate."""
    free_bytes = available_bytes(meminfo)
    if free_bytes is not None and free_bytes < need_bytes:
        raise UnavailableError(
            f"The {name} needs about {need_bytes / _MB:.0f} MB of memory, "
            f"and only {free_bytes / _MB:.0f} MB are free."
        )
