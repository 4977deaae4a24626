"""A person's yes or no to what waits for it."""

from typing import Annotated, Literal

import msgspec

from pichat.events import DeviceOutcome, Question
from pichat.gateway.context import Context
from pichat.gateway.people import source_of, tools_of
from pichat.gateway.protocol import new_id
from pichat.gateway.registry import action


class Confirm(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the question's."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    yes: bool
    source: Literal["screen", "shell"] = "screen"


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """`outcomes`: what became of each device after a yes; read it, a device may have failed."""

    id: str
    answer: Literal["yes", "no"]
    outcomes: tuple[DeviceOutcome, ...]


class GetQuestions(msgspec.Struct, frozen=True, kw_only=True):
    pass


class OpenQuestions(msgspec.Struct, frozen=True, kw_only=True):
    questions: tuple[Question, ...]


@action("confirm", needs="screen", example={"id": "5f0c9a", "yes": True})
async def confirm(context: Context, payload: Confirm) -> Confirmed:
    """Answer a question that was told as `confirmation_asked`. After a yes the call is carried out,
    and its outcomes are the reply. not_found: it was answered already, or it is too late."""
    services, caller = context.services, context.caller
    result = await services.tools.confirm(
        payload.id,
        yes=payload.yes,
        source=source_of(services, caller, payload.source),
        turn_id=new_id(),
        allowed=tools_of(services, caller),
    )
    answer: Literal["yes", "no"] = "yes" if payload.yes else "no"
    return Confirmed(id=payload.id, answer=answer, outcomes=result.outcomes)


@action("get_questions", needs="guest")
def get_questions(context: Context, payload: GetQuestions) -> OpenQuestions:  # noqa: ARG001
    """List what waits for a person's yes, oldest first. Each is open for 30 seconds."""
    return OpenQuestions(questions=context.services.tools.open_questions())
