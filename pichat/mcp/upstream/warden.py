"""Programs of servers end with the daemon, also when that is killed."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import suppress

_SCRIPT = """
trap '' HUP INT QUIT TERM
all=' '
while read -r what group; do
    case $what in
        +) all="$all$group " ;;
        -) all="${all%% $group *} ${all#* $group }" ;;
    esac
done
for group in $all; do kill -9 -"$group" 2>/dev/null; done
"""
"""When its input ends, whoever wrote to it is gone; then it kills what it was told of."""

_END_S = 1.0


class Warden:
    """One shell (0.7 MB) for all programs, which starts with the first of them. A program that
    hangs does not see its input end; a kernel's signal at a parent's death does not reach what a
    program has started in its turn: so somebody has to stay who kills whole groups."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None
        self._groups: set[int] = set()

    def watch(self, group: int) -> None:
        """A process group, of which the daemon started the leader."""
        self._groups.add(group)
        if not self._told(f"+ {group}"):
            self._start()

    def forget(self, group: int) -> None:
        """It has ended."""
        self._groups.discard(group)
        self._told(f"- {group}")

    async def close(self) -> None:
        """It kills what is still watched, and ends."""
        shell, self._shell = self._shell, None
        if shell is None:
            return
        if shell.stdin is not None:
            with suppress(OSError):
                shell.stdin.close()
        try:
            await asyncio.to_thread(shell.wait, _END_S)
        except subprocess.TimeoutExpired:
            shell.kill()
            shell.wait()

    def _start(self) -> None:
        if self._shell is not None:  # somebody has killed it
            self._shell.kill()
            self._shell.wait()
        self._shell = subprocess.Popen(
            ("/bin/sh", "-c", _SCRIPT),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C in a terminal is for the daemon
            cwd="/",
        )
        for group in self._groups:
            self._told(f"+ {group}")

    def _told(self, line: str) -> bool:
        if self._shell is None or self._shell.stdin is None:
            return False
        try:
            self._shell.stdin.write(f"{line}\n".encode())
        except OSError:
            return False
        return True
