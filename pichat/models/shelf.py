"""The models that are here: `STATE/models/NAME/`, each folder whole or not there at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from pichat.errors import BusyError, NotFoundError
from pichat.models.errors import disk_errors
from pichat.models.manifest import RECORD, Kind, Model
from pichat.models.part import matches

log = structlog.get_logger(__name__)
_INCOMING = ".incoming"


class Installed(NamedTuple):
    """A model that is here. `path` is what a configuration names: the .onnx, the .gguf, or a
    Whisper model's folder."""

    model: Model
    folder: Path

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def kind(self) -> Kind:
        return self.model.kind

    @property
    def languages(self) -> tuple[str, ...]:
        return self.model.languages

    @property
    def path(self) -> Path:
        return self.folder / self.model.main

    def damages(self, wanted: Model | None = None) -> list[str]:
        """What is wrong with its files, a sentence each; none when all is well. Reads all of them.
        `wanted` is the manifest's entry, which may be newer than the model. Raises DiskError."""
        found = []
        for file in (wanted or self.model).files:
            path = self.folder / file.called
            with disk_errors(path):
                if not path.is_file():
                    found.append(f"{file.called} is missing.")
                elif (size := path.stat().st_size) != file.size:
                    found.append(f"{file.called} has {size:,} bytes instead of {file.size:,}.")
                elif not matches(path, file.size, file.sha256):
                    found.append(f"{file.called} is damaged: its checksum is wrong.")
        return found


def installed(state_dir: Path) -> list[Installed]:
    """The models that are here, by name. Reads one small file of each; those that cannot be read
    are left out, and logged."""
    found = []
    for record in sorted((state_dir / "models").glob(f"[!.]*/{RECORD}")):
        try:
            model = msgspec.json.decode(record.read_bytes(), type=Model)
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("model ignored", path=str(record.parent), error=str(error))
            continue
        if model.name == record.parent.name:
            found.append(Installed(model, record.parent.absolute()))
    return found


def resolve(named: Path, kind: Kind, state_dir: Path) -> Path:
    """The path that a configuration means by `named`: itself when it is there, else the installed
    model of that kind whose name is its last part; else itself again, for others to complain."""
    if not named.exists():
        for each in installed(state_dir):
            if (each.name, each.kind) == (named.name, kind):
                return each.path
    return named


class Shelf:
    """Changes what is in `state_dir/models`. One process at a time may hold the lock."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self.folder = state_dir / "models"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Raises BusyError when another process installs or removes; DiskError."""
        with disk_errors(self.folder):
            self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.folder / _INCOMING).mkdir(parents=True, exist_ok=True)
            descriptor = os.open(
                self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BusyError(
                    f"Another pichat installs or removes models in {self.folder} just now."
                    " Try again when it has finished."
                ) from error
            yield
        finally:
            os.close(descriptor)

    def get(self, name: str) -> Installed | None:
        """The installed model of that name."""
        return next((each for each in installed(self._state_dir) if each.name == name), None)

    def incoming(self, name: str) -> Path:
        """Where a model's files gather before it is there. Raises DiskError."""
        folder = self.folder / _INCOMING / name
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
        return folder

    def free_bytes(self) -> int:
        with disk_errors(self.folder):
            return shutil.disk_usage(self.folder).free

    def adopt(self, model: Model) -> Installed:
        """Put the files that have gathered where everybody finds them, in one step. An older one of
        the same name goes. Raises DiskError."""
        gathered, final = self.incoming(model.name), self.folder / model.name
        with disk_errors(gathered):
            wanted = {file.called for file in model.files}
            for other in gathered.iterdir():
                if other.name not in wanted:
                    other.unlink()
            record = gathered / RECORD
            record.write_bytes(msgspec.json.encode(model))
            _sync(record)
            _sync(gathered)
            old = self._set_aside(final)
            gathered.rename(final)
            _sync(self.folder)
            shutil.rmtree(old, ignore_errors=True)
        return Installed(model, final.absolute())

    def remove(self, name: str) -> int:
        """Remove the model, and what has arrived of one that is not there yet. Returns how many
        bytes that freed. Raises NotFoundError, DiskError."""
        final, gathered = self.folder / name, self.folder / _INCOMING / name
        a_name = name[:1].isalnum() and "/" not in name
        if not a_name or not (final.is_dir() or gathered.is_dir()):
            raise NotFoundError(f"{name} is not installed.")
        with disk_errors(final):
            freed = sum(f.stat().st_size for d in (final, gathered) for f in d.glob("*"))
            shutil.rmtree(self._set_aside(final), ignore_errors=True)
            if gathered.exists():
                shutil.rmtree(gathered)
        return freed

    def _set_aside(self, final: Path) -> Path:
        """Rename a model's folder out of everybody's sight."""
        old = self.folder / _INCOMING / f".old-{final.name}"
        shutil.rmtree(old, ignore_errors=True)
        with suppress(FileNotFoundError):
            final.rename(old)
        return old


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
