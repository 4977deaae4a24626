"""A turn in a session: everything of it is told to whoever listens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Protocol

import structlog

from pichat.errors import CancelledByUserError, PiChatError
from pichat.events import TurnEvent, TurnFinished, TurnText, TurnTool, Utterance
from pichat.gateway.sessions.session import Session

log = structlog.get_logger(__name__)


class Turns(Protocol):
    """Who understands, acts and answers. Ending the iteration early cancels the turn."""

    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]: ...

    def forget(self, conversation_id: str) -> None: ...


async def answer(turns: Turns, session: Session, utterance: Utterance) -> TurnFinished:
    """Run the turn, after those before it. Raises what it raises, which was told by then."""
    turn_id = utterance.turn_id
    async with session.in_order:
        session.messages += 1
        session.tell("transcription", turn_id=turn_id, text=utterance.candidates[0], final=True)
        session.become("thinking")
        try:
            return await _follow(turns, session, utterance)
        except PiChatError as error:
            _tell_error(session, turn_id, error)
            raise
        except asyncio.CancelledError:
            _tell_error(session, turn_id, CancelledByUserError("It was cancelled."))
            raise
        except Exception as defect:  # the turn's boundary: what is not known leaves only an id
            log.exception("turn failed", turn_id=turn_id)
            unexpected = PiChatError.unexpected(turn_id)
            _tell_error(session, turn_id, unexpected)
            raise unexpected from defect
        finally:
            session.become("idle")


async def _follow(turns: Turns, session: Session, utterance: Utterance) -> TurnFinished:
    async with aclosing(turns.run(utterance)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TurnText):
                session.become("speaking")
                session.tell("agent_speaking", turn_id=event.turn_id, text=event.text)
            elif isinstance(event, TurnTool):
                _tell_tool(session, event)
            elif isinstance(event, TurnFinished):
                _tell_answer(session, event)
                return event
    raise RuntimeError("the turn ended without TurnFinished")


def _tell_tool(session: Session, event: TurnTool) -> None:
    session.tell(
        "tool",
        turn_id=event.turn_id,
        name=event.call.name,
        arguments=event.call.arguments,
        outcomes=event.result.outcomes,
        value=event.result.value,
        duration_ms=event.duration_ms,
    )


def _tell_answer(session: Session, event: TurnFinished) -> None:
    session.tell(
        "answered",
        turn_id=event.turn_id,
        text=event.text,
        provider=event.provider,
        model=event.model,
        code=event.code,
    )


def _tell_error(session: Session, turn_id: str, error: PiChatError) -> None:
    session.tell(
        "error",
        turn_id=turn_id,
        message=error.sentence,
        code=error.code,
        retryable=error.retryable,
    )
