"""The conversations that clients follow by events: what is said, done and answered in each stays
for a while, so that a client that lost its connection misses nothing and hears nothing twice."""

import asyncio
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Self

import structlog

from pichat.errors import BusyError, CancelledByUserError, NotFoundError
from pichat.events import Terms, TurnFinished, Utterance
from pichat.gateway.sessions.answering import Turns, answer
from pichat.gateway.sessions.session import Session

log = structlog.get_logger(__name__)

MOST_SESSIONS = 64
MOST_OF_ONE = 16
MOST_WAITING = 4  # messages that wait for the answer to the one before
IDLE_S = 1800.0
_END_S = 5.0


class Sessions:
    """Every session; `async with` it. Leaving ends them. `now_s`: a clock that only goes on."""

    def __init__(self, turns: Turns, now_s: Callable[[], float] = time.monotonic) -> None:
        self._turns = turns
        self._now_s = now_s
        self._sessions: dict[str, Session] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for session in [*self._sessions.values()]:
            await self.end(session)

    # --- which there are ------------------------------------------------------------------------

    def start(
        self, owner: str, *, profile: str, terms: Terms, conversation_id: str | None = None
    ) -> Session:
        """A new one, or the one of that conversation, on the new terms. Raises BusyError when there
        are too many that are in use."""
        self._forget_idle()
        known = self._sessions.get(conversation_id or "")
        if known is not None and known.owner == owner:
            known.profile, known.terms, known.touched_s = profile, terms, self._now_s()
            return known
        self._make_room(owner)
        session = Session(owner, conversation_id or uuid.uuid4().hex, profile, terms, self._now_s())
        if session.id in self._sessions:  # somebody else's, who is not told of
            raise NotFoundError(f"There is no conversation “{session.id[:64]}”.")
        self._sessions[session.id] = session
        return session

    def get(self, session_id: str, owner: str) -> Session:
        """Raises NotFoundError, also for somebody else's."""
        self._forget_idle()
        session = self._sessions.get(session_id)
        if session is None or session.owner != owner:
            raise NotFoundError(
                f"There is no session “{session_id[:64]}”; it may have ended. Start another."
            )
        session.touched_s = self._now_s()
        return session

    def all(self, owner: str) -> tuple[Session, ...]:
        """The owner's, oldest first."""
        self._forget_idle()
        return tuple(each for each in self._sessions.values() if each.owner == owner)

    async def end(self, session: Session) -> None:
        """Its turns are cancelled, and its readers told."""
        self._sessions.pop(session.id, None)
        if session.ended:
            return
        session.ended = True
        turns = [*session.turns]
        for turn in turns:
            turn.cancel()
        if turns:
            _, stuck = await asyncio.wait(turns, timeout=_END_S)
            for turn in stuck:
                log.error("turn does not end", task=turn.get_name())
        session.tell("ended")
        self._turns.forget(session.id)

    def _make_room(self, owner: str) -> None:
        own = self.all(owner)
        if len(own) >= MOST_OF_ONE:
            self._forget_one(own)
        if len(self._sessions) >= MOST_SESSIONS:
            self._forget_one(tuple(self._sessions.values()))

    def _forget_one(self, sessions: tuple[Session, ...]) -> None:
        resting = [each for each in sessions if each.resting]
        if not resting:
            raise BusyError("There are too many conversations at once; end one of them.")
        self._forget(min(resting, key=lambda each: each.touched_s))

    def _forget_idle(self) -> None:
        since_s = self._now_s() - IDLE_S
        for session in [*self._sessions.values()]:
            if session.resting and session.touched_s < since_s:
                self._forget(session)

    def _forget(self, session: Session) -> None:
        session.ended = True
        del self._sessions[session.id]
        self._turns.forget(session.id)

    # --- talking --------------------------------------------------------------------------------

    def say(self, session: Session, utterance: Utterance) -> asyncio.Task[TurnFinished]:
        """Have it answered, after what was said before. The task ends with the turn, and cancelling
        it cancels the turn; it raises what the turn raises. Raises BusyError when too much waits
        already."""
        if len(session.turns) > MOST_WAITING:
            raise BusyError("Wait for the answers to what you said before.")
        answering = answer(self._turns, session, utterance)
        task = asyncio.create_task(answering, name=f"session {session.id}")
        session.turns.add(task)
        task.add_done_callback(partial(self._done, session))
        return task

    async def answered(self, session: Session, turn: asyncio.Task[TurnFinished]) -> TurnFinished:
        """Wait for it; whoever is cancelled meanwhile cancels the turn. Raises what the turn
        raises, and CancelledByUserError when the session was ended."""
        try:
            return await turn
        except asyncio.CancelledError:
            here = asyncio.current_task()
            if session.ended and (here is None or not here.cancelling()):
                raise CancelledByUserError("The conversation was ended.") from None
            raise

    def _done(self, session: Session, turn: asyncio.Task[TurnFinished]) -> None:
        session.turns.discard(turn)
        session.touched_s = self._now_s()
        if not turn.cancelled():
            turn.exception()  # it was told as an event, to whoever listens
