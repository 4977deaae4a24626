"""A hostile server on loopback, and what installs from it without a shell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from pichat.models.fetch import Patience, Watcher
from pichat.models.install import install
from pichat.models.manifest import File, load
from pichat.models.shelf import Installed, Shelf
from tests.models.hostile import Hostile, hostile_server, write_manifest

QUICK = Patience(stall_s=0.3, tries=3, all_tries=30, first_wait_s=0.01, longest_wait_s=2.0)


class Ears:
    """Implements Reporter and Watcher: keeps what it hears."""

    def __init__(self) -> None:
        self.files: list[tuple[str, int]] = []
        self.waited: list[tuple[str, float]] = []
        self.counts: list[int] = []

    def file(self, file: File, received: int) -> Watcher:
        self.files.append((file.called, received))
        return self

    def at(self, received: int) -> None:
        self.counts.append(received)

    def waits(self, why: str, wait_s: float) -> None:
        self.waited.append((why, wait_s))

    def checks(self) -> None:
        pass


class Bench:
    """A state directory and a server. `ears` hears of every installation."""

    def __init__(self, state_dir: Path, server: Hostile) -> None:
        self.state_dir = state_dir
        self.server = server
        self.shelf = Shelf(state_dir)
        self.ears = Ears()

    async def install(self, entry: dict[str, object], patience: Patience = QUICK) -> Installed:
        manifest = write_manifest(self.state_dir / "manifest.yaml", entry)
        model = load([manifest])[str(entry["name"])]
        with self.shelf.lock():
            return await install(model, self.shelf, patience, self.ears)


@pytest_asyncio.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with hostile_server() as server:
        yield Bench(tmp_path, server)
