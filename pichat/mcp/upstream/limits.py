"""How long a server is waited for, and how much may come from it."""

from __future__ import annotations

import msgspec

MB = 1024 * 1024


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """`start_s`: a program may have to be unpacked first. `probe_s`: how long a program, and
    `probe_http_s` an address, is asked whether it needs no handshake; old ones ignore the question.
    `steady_s`: who ends sooner than that after its start is not just started again. `settle_s`:
    changes that are told within it are one; who tells of more is asked less and less often.
    `messages_per_s`: of what nobody
    asked for; what is more is not heard. `read_per_s`, `bytes_per_s`: what is more has to wait."""

    start_s: float = 30.0
    probe_s: float = 1.0
    probe_http_s: float = 4.0
    list_s: float = 10.0
    write_s: float = 20.0
    end_s: float = 2.0
    steady_s: float = 10.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 120.0
    settle_s: float = 0.2
    longest_settle_s: float = 60.0
    message_bytes: int = 4 * MB
    messages_per_s: float = 100.0
    messages_at_once: float = 500.0
    read_per_s: float = 4000.0
    bytes_per_s: float = 1.0 * MB
    bytes_at_once: float = 16.0 * MB
    programs_at_once: int = 4
    addresses_at_once: int = 8


class Throttle:
    """A bucket of tokens on the loop's clock."""

    __slots__ = ("_at_s", "_left", "_most", "_per_s")

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s, self._most = per_s, most
        self._left, self._at_s = most, 0.0

    def take(self, amount: float, now_s: float) -> float:
        """For how many seconds to wait after having taken so much; 0 while there are tokens."""
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._per_s) - amount
        self._at_s = now_s
        return max(0.0, -self._left / self._per_s)

    def give(self, amount: float) -> None:
        """So much was asked for."""
        self._left = min(self._most, self._left + amount)
