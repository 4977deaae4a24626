"""A copy of the last config.yaml that PiChat ran with, for the day when an edit breaks it."""

from __future__ import annotations

from pathlib import Path

import structlog

from pichat.config.load import load_config, text_of, variables_of
from pichat.config.types import Config
from pichat.errors import ConfigError
from pichat.files import write_whole

log = structlog.get_logger(__name__)

_COPY = "config.good.yaml"
_HEAD = "# A copy that PiChat made; edit this file instead: "


class ConfigFile:
    """config.yaml at `path`, and the copy of it in the state directory. `problem`: why the file
    could not be used at the start, and PiChat runs with the copy."""

    def __init__(self, path: Path, state_dir: Path) -> None:
        self._path = path
        self._copy = state_dir / _COPY
        self.problem: str | None = None
        self._good = ""  # what was read last without a mistake

    def load(self) -> Config:
        """What stands there, else in the last good copy of that very file. Raises ConfigError when
        there is neither."""
        try:
            return self.reread()
        except ConfigError as error:
            copied = _read(self._copy)
            if copied is None or not copied.startswith(f"{_HEAD}{self._path.absolute()}\n"):
                raise
            try:
                config = load_config(self._path, text=copied)
            except ConfigError:
                raise error from None
            self.problem = error.sentence
            return config

    def reread(self) -> Config:
        """What stands there now. Raises ConfigError."""
        text = text_of(self._path)
        config = load_config(self._path, text=text)
        self._good = text
        return config

    def variables(self) -> dict[str, str]:
        """What `${VAR}` means now."""
        return variables_of(self._path)

    def keep(self) -> None:
        """PiChat runs with what was read last: remember it. A disk that does not take it is no
        reason to stop."""
        text = f"{_HEAD}{self._path.absolute()}\n{self._good}"
        try:
            if _read(self._copy) == text:
                return
            write_whole(self._copy, text.encode())
        except OSError as error:
            log.warning("no copy of the configuration", reason=str(error))


def _read(copy: Path) -> str | None:
    try:
        return copy.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
