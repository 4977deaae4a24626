"""What became of one request on its way, as the transport knows it. A server's own answer cannot
say so: it is the transport that knows whether a request ever left."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Literal


class Delivery:
    """`state`: unsent (it never left, or who got it did not know its session: it may be sent
    again), sent (whether it was done is not known), refused (it was not done). `why`: a sentence
    when the transport knows more than the SDK tells."""

    __slots__ = ("_rounds", "state", "why")

    def __init__(self) -> None:
        self.state: Literal["unsent", "sent", "refused"] = "unsent"
        self.why: str | None = None
        self._rounds = 0

    def leaves(self) -> None:
        """From now on it counts as sent. Of several rounds, each may have done something."""
        self._rounds += 1
        self.state = "sent"

    def came_back(self, state: Literal["unsent", "refused"]) -> None:
        """It did not arrive after all, or was turned away."""
        if self._rounds == 1:
            self.state = state


DELIVERY: ContextVar[Delivery | None] = ContextVar("DELIVERY", default=None)
"""Of the call that is being sent; the SDK hands a sender's context on to who posts for it."""
