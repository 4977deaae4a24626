"""What came of what a person had to say yes to."""

from typing import Annotated, Literal

import msgspec

from pichat.events import DeviceOutcome
from pichat.gateway.agents.asked import Asked
from pichat.gateway.agents.served import served


class GetConfirmation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id`: of the question that a result had. `wait_s`: how long to wait for an answer at most."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=30)] = 0.0


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """`answer`: `waiting` while nobody has answered or it is being done, `expired` when nobody did
    in time. After a yes, `outcomes` are what each device confirmed, or why it failed; `error` says
    why nothing was tried. `message` says all that in a sentence."""

    id: str
    answer: Literal["waiting", "yes", "no", "expired"]
    outcomes: tuple[DeviceOutcome, ...]
    code: str | None
    error: str | None
    message: str


_MESSAGES = {
    "waiting": "Nobody has answered yet; nothing is done. Ask again.",
    "no": "A person of the house said no; nothing was done.",
    "expired": "Nobody answered in time; nothing was done. To have it asked again, call again.",
}


@served("get_confirmation", needs="agent", changes=False)
async def get_confirmation(asked: Asked, wanted: GetConfirmation) -> Confirmation:
    """Tell whether a person of the house has said yes to what waits for it, and what came of it
    then."""
    ending = await asked.services.tools.came_of(wanted.id, wanted.wait_s)
    outcomes = ending.result.outcomes if ending.result else ()
    failed = next((each for each in outcomes if not each.ok), None)
    code = ending.code or (failed.error_code if failed else None)
    error = ending.error or (failed.error if failed else None)
    said_yes = f"A person said yes, but: {error}" if error else "A person said yes; it was done."
    return Confirmation(
        id=wanted.id,
        answer=ending.answer,
        outcomes=outcomes,
        code=code,
        error=error,
        message=_MESSAGES.get(ending.answer, said_yes),
    )
