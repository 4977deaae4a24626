"""Files that are found by where they stand: engines by their name, registries by their folder."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from pichat.errors import ConfigError


def load_engine(room: str, name: str, kind: str) -> ModuleType:
    """The file of `pichat/<room>` that is named by a config value, loaded only now: engines are
    heavy. `kind` says what it is to people. Raises ConfigError when there is no such file."""
    module = f"pichat.{room}.{name.replace('-', '_')}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ConfigError(f"There is no {kind} called “{name}”.") from error


def load_all(package: str) -> None:
    """Load every file of a package, so that each registers what it defines."""
    for module in iter_modules(import_module(package).__path__, f"{package}."):
        import_module(module.name)
