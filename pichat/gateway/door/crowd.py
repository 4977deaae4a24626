"""How many connections are open, in all and from one address, whatever they do or say."""

import resource
from typing import Final

import structlog

from pichat.config.types import Server
from pichat.gateway.door.limits import canonical, is_loopback

log = structlog.get_logger(__name__)

# Above the limits so many more are taken, which are answered with why they are too many.
SPARE: Final = 64
SPARE_OF_ADDRESS: Final = 8
_OTHER_FILES = 512  # that the daemon has open beside its connections


class Crowd:
    """`config` may be replaced while it runs. Connections from this machine, while it is trusted,
    are counted apart: however many come from elsewhere, its owner can still reach it."""

    def __init__(self, config: Server) -> None:
        self.config = config
        self._here = 0
        self._elsewhere = 0
        self._of: dict[str, int] = {}
        self._told = False

    def enter(self, address: str) -> str | None:
        """One more; what to hand to `leave` when it is gone, or None when there are too many."""
        key, limits = canonical(address), self.config.limits
        own = self.config.trust_loopback and is_loopback(address)
        if own:
            key, others, most = "", self._here, limits.connections + SPARE
        else:
            others, most = self._of.get(key, 0), limits.connections_per_address + SPARE_OF_ADDRESS
        if others >= most or (not own and self._elsewhere >= limits.connections + SPARE):
            self._refused(address, others)
            return None
        if own:
            self._here += 1
        else:
            self._elsewhere += 1
            self._of[key] = others + 1
        return key

    def leave(self, key: str) -> None:
        if not key:
            self._here -= 1
            return
        self._elsewhere -= 1
        self._of[key] -= 1
        if not self._of[key]:
            del self._of[key]

    def is_crowded(self, address: str | None) -> bool:
        """Whether an address has more connections than it may."""
        return self._of.get(canonical(address), 0) > self.config.limits.connections_per_address

    def _refused(self, address: str, count: int) -> None:
        # Once: whoever opens too many would else write the log full.
        tell = log.debug if self._told else log.warning
        tell("too many connections; more are refused", address=address, open=count)
        self._told = True


def make_room(connections: int) -> None:
    """Let this process have as many files open as so many connections need, as far as the system
    lets it. Files that run out would stop the radio and the store, not only the connections."""
    wanted = 2 * (connections + SPARE) + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in (soft, hard):
        hard = max(soft, hard, wanted)
    if soft >= wanted:
        return
    allowed = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < wanted:
        log.warning(
            "the system allows fewer open files than server.limits.connections may need",
            allowed=allowed,
            needed=wanted,
        )
