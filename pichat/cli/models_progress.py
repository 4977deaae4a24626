"""How a download comes along, for eyes: a bar on a terminal, a line a file anywhere else."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pichat.models.manifest import File


class Bars:
    """Implements Reporter. Writes to standard error, so that the output stays for programs."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, emoji=False, markup=False)
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self.console,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def file(self, file: File, received: int) -> Bar:
        """See Reporter."""
        if self.progress.disable:
            rest = f", {received / 1e6:.1f} MB of it are here" if received else ""
            self.console.print(f"{file.called}: {file.size / 1e6:.1f} MB{rest}", soft_wrap=True)
        task = self.progress.add_task(file.called, total=file.size, completed=received)
        return Bar(self, task, file)


class Bar:
    """Implements Watcher for one file."""

    def __init__(self, bars: Bars, task: TaskID, file: File) -> None:
        self._bars = bars
        self._task = task
        self._file = file

    def at(self, received: int) -> None:
        """See Watcher."""
        self._bars.progress.update(self._task, completed=received)

    def waits(self, why: str, wait_s: float) -> None:
        """See Watcher."""
        text = f"{self._file.called}: {why}. Trying again in {wait_s:.0f} s."
        self._bars.console.print(text, soft_wrap=True)

    def checks(self) -> None:
        """See Watcher."""
        self._bars.progress.update(self._task, description=f"{self._file.called} (checking)")
