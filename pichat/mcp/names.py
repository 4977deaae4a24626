"""By what name a tool elsewhere is known to models: `server__tool`, the same for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

LONGEST = 64
_OTHER = re.compile(r"[^a-zA-Z0-9_-]")
_DIGEST = 8

Origin = tuple[str, str]
"""A server's name and the tool's own."""


class Aliases:
    """`known`: those given before. A name that is taken, or too long, gets the digest of its
    origin, so that it never depends on who came first after a restart."""

    def __init__(self, known: Mapping[Origin, str]) -> None:
        self._by_origin = dict(known)
        self._origins = {alias: origin for origin, alias in known.items()}

    def of(self, server: str, name: str) -> str | None:
        return self._by_origin.get((server, name))

    def origin(self, alias: str) -> Origin | None:
        """Whose tool it is."""
        return self._origins.get(alias)

    def give(self, server: str, names: Iterable[str]) -> dict[str, str]:
        """Aliases for those that have none yet, by their names."""
        new: dict[str, str] = {}
        for name in names:
            if (server, name) not in self._by_origin:
                alias = self._free(server, name)
                self._by_origin[server, name] = new[name] = alias
                self._origins[alias] = (server, name)
        return new

    def _free(self, server: str, name: str) -> str:
        plain = f"{_OTHER.sub('_', server)}__{_OTHER.sub('_', name)}"
        if len(plain) <= LONGEST and plain not in self._origins:
            return plain
        digest = hashlib.sha256(f"{server}\0{name}".encode()).hexdigest()[:_DIGEST]
        return f"{plain[: LONGEST - _DIGEST - 1]}_{digest}"
