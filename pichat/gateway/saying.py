"""What a caller says, as a turn takes it: the one place that knows who speaks, on what terms."""

from pichat.events import Image, Said, Source, Terms, Utterance
from pichat.gateway.door.caller import Caller
from pichat.gateway.protocol import new_id
from pichat.tools.questions import PEOPLE

NO_WISHES = Terms()


def utterance(
    caller: Caller,
    text: str,
    *,
    conversation_id: str,
    source: Source | None = None,
    area: str | None = None,
    profile: str = "",
    wishes: Terms = NO_WISHES,
    images: tuple[Image, ...] = (),
    history: tuple[Said, ...] | None = None,
    client_id: str | None = None,
) -> Utterance:
    """`source`: of a caller that may choose, `screen` or `shell`. `wishes`: what it would have
    otherwise than the profile. The turn itself narrows that to what the person may. `client_id`:
    without one it is the caller's own id."""
    return Utterance(
        candidates=(text,),
        source=source if source is not None and caller.source in PEOPLE else caller.source,
        turn_id=new_id(),
        conversation_id=conversation_id,
        area=area or caller.area,
        profile=profile,
        user_id=caller.user_id,
        terms=wishes,
        images=images,
        history=history,
        client_id=client_id or caller.id,
        token_id=caller.id,
    )
