"""A person's answer to what a server of tools asks for in the middle of a call."""

from typing import Annotated, Any, Literal

import msgspec

from pichat.events import InputAsked
from pichat.gateway.context import Context
from pichat.gateway.registry import action


class AnswerInput(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is the question's. `values`: by the names of its fields; null: nothing is told."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    values: dict[str, Any] | None = None


class InputAnswered(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    answer: Literal["yes", "no"]


class GetInputs(msgspec.Struct, frozen=True, kw_only=True):
    pass


class OpenInputs(msgspec.Struct, frozen=True, kw_only=True):
    inputs: tuple[InputAsked, ...]


@action("answer_input", needs="screen", example={"id": "5f0c9a", "values": {"city": "Berlin"}})
def answer_input(context: Context, payload: AnswerInput) -> InputAnswered:
    """Answer what was told as `input_asked`: the server gets the values, or hears that nothing is
    told. bad_request: a field does not fit, and it can be answered again; not_found: it was
    answered already, or it is too late."""
    context.services.inputs.answer(payload.id, payload.values)
    answer: Literal["yes", "no"] = "no" if payload.values is None else "yes"
    return InputAnswered(id=payload.id, answer=answer)


@action("get_inputs", needs="screen")
def get_inputs(context: Context, payload: GetInputs) -> OpenInputs:  # noqa: ARG001
    """List what servers of tools ask the people of the house for, oldest first. Each is open for 45
    seconds."""
    return OpenInputs(inputs=context.services.inputs.open())
