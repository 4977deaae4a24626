"""What the action `reload_config` needs of the daemon."""

from typing import Protocol

import msgspec


class Reloaded(msgspec.Struct, frozen=True, kw_only=True):
    """Dotted names of settings that are not as they were: those that hold now, and those that hold
    after a restart."""

    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]


class Reloading(Protocol):
    async def reload(self) -> Reloaded:
        """Read config.yaml again. Raises ConfigError with a line for each problem; then nothing
        has changed."""
        ...
