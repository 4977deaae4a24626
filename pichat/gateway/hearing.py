"""Whose turn an event belongs to: what one person says is no other's business."""

from collections import OrderedDict
from collections.abc import Callable

from pichat.events import (
    AnswerHeard,
    Event,
    Transcript,
    TurnFinished,
    TurnProgress,
    TurnStarted,
    TurnText,
    TurnTool,
)
from pichat.gateway.door.caller import HOUSE, Caller, UnauthenticatedError
from pichat.gateway.people import as_known, of_the_house
from pichat.gateway.services import Services

MayHear = Callable[[Caller | None, str], bool]
"""Whether a caller may hear of that person's turns."""

_MOST_TURNS = 1000
_OF_TURN = {TurnText, TurnTool, TurnProgress, TurnFinished, AnswerHeard, Transcript}


class Turns:
    """Knows whose the last turns are."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, str] = OrderedDict()

    def whose(self, event: Event) -> str | None:
        """The person whose turn it is, `house` where that is not known; None: it is of no turn."""
        kind = type(event)
        if kind in _OF_TURN:
            return self._users.get(event.turn_id, HOUSE)  # type: ignore[union-attr]
        if isinstance(event, TurnStarted):
            self._users[event.turn_id] = event.user_id
            if len(self._users) > _MOST_TURNS:
                self._users.popitem(last=False)
            return event.user_id
        return None


def hearing(services: Services) -> MayHear:
    """One's own turns, and for a screen of the house those of nobody in particular."""

    def may_hear(caller: Caller | None, user_id: str) -> bool:
        if caller is None:
            return False
        try:
            known = as_known(services, caller)
        except UnauthenticatedError:  # a person who is gone, a moment before the connection is
            return False
        return known.user_id == user_id or (user_id == HOUSE and of_the_house(known))

    return may_hear
