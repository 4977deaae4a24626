"""What a stick is short of: buffers, places for messages under way, time to answer."""

from __future__ import annotations

from typing import Literal

import msgspec

from pichat.simulator.ncp.status import Status

Refusal = Literal["no_buffers", "message_limit", "busy"]
_STATUS: dict[str, Status] = {
    "no_buffers": Status.NO_BUFFERS,
    "message_limit": Status.MAX_MESSAGE_LIMIT_REACHED,
    "busy": Status.NETWORK_BUSY,
}
BROADCAST_TABLE_S = 9.0
"""How long a stick remembers each broadcast, so as not to relay it twice."""


class StickSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """refuses: what it answers to every message that it shall send, `refusals` times (None: until
    it is reset). most_in_flight: so many unicasts may be under way, then it answers message_limit;
    most_broadcasts: so many broadcasts and multicasts in BROADCAST_TABLE_S, then busy; 0: any
    number. answer_ms: it takes so long for each answer to the host."""

    refuses: Refusal | None = None
    refusals: int | None = None
    most_in_flight: int = 0
    most_broadcasts: int = 0
    answer_ms: float = 0.0

    def problem(self) -> str | None:
        """Why it cannot be so, as a sentence."""
        for name in ("refusals", "most_in_flight", "most_broadcasts", "answer_ms"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1e6:
                return f"{name} is not between 0 and a million."
        return None

    def refusal(self) -> Status:
        """OK, or why the next message is not taken; counts it."""
        if self.refuses is None or self.refusals == 0:
            return Status.OK
        if self.refusals is not None:
            self.refusals -= 1
        return _STATUS[self.refuses]

    @property
    def has_buffers(self) -> bool:
        return self.refuses != "no_buffers" or self.refusals == 0

    def reset(self) -> None:
        """A restart gives all buffers back."""
        self.refuses = self.refusals = None
