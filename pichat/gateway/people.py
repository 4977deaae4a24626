"""Which person of the house a caller speaks for, and what that person may."""

from collections.abc import Sequence

from msgspec import structs

from pichat.errors import NotAllowedError
from pichat.events import Source
from pichat.gateway.door.caller import HOUSE, LADDER, Caller, UnauthenticatedError
from pichat.gateway.services import Services
from pichat.tools.questions import PEOPLE
from pichat.turn.users import GUEST

_AS_ONE_OF_THE_HOUSE = LADDER.index("screen")


def as_known(services: Services, caller: Caller) -> Caller:
    """The caller with no more than its person may: a child's screen is as a visitor's, and a
    visitor's is not the house. Raises UnauthenticatedError when that person is not there any
    more."""
    if caller.user_id == HOUSE:
        return structs.replace(caller, user_id=GUEST) if caller.scope == "guest" else caller
    try:
        trusted = services.users.standing(caller.user_id).trusted
    except NotAllowedError as error:
        raise UnauthenticatedError(error.sentence) from error
    return caller if trusted else structs.replace(caller, scope="guest")


def of_the_house(caller: Caller) -> bool:
    """Whether its scope is a screen's or more."""
    return LADDER.index(caller.scope) >= _AS_ONE_OF_THE_HOUSE


def speaking_for(services: Services, caller: Caller, wanted: str | None) -> Caller:
    """The caller, as the person of that id or name where it names one. A screen of the house may
    speak for anybody, and whoever is admin; others only for their own. Raises NotFoundError and
    NotAllowedError."""
    if wanted is None:
        return caller
    may = caller.scope == "admin" or (of_the_house(caller) and caller.user_id == HOUSE)
    if not may and wanted.casefold() not in _names(services, caller):
        raise NotAllowedError(f"“{caller.name}” cannot speak for somebody else.")
    user = services.users.find(wanted)
    return structs.replace(caller, user_id=user.id)


def owner(services: Services, caller: Caller, wanted: str | None = None) -> str:
    """The id of the person whose things the caller may look into: its own, and for an admin those
    of whom it names. Raises NotFoundError and NotAllowedError."""
    if wanted is not None and wanted.casefold() not in _names(services, caller):
        if caller.scope != "admin":
            raise NotAllowedError("Only an admin can look into what belongs to somebody else.")
        return services.users.find(wanted).id
    if caller.user_id == HOUSE and not of_the_house(caller):
        raise NotAllowedError(f"“{caller.name}” may not look into what is the house's.")
    return services.users.get(caller.user_id).id


def source_of(services: Services, caller: Caller, wanted: Source | None = None) -> Source:
    """As what its wish counts. `wanted`: of one that may choose, `screen` or `shell`."""
    own = caller.source
    if own in PEOPLE and not services.users.standing(caller.user_id).trusted:
        own = "guest"
    return wanted if wanted is not None and own in PEOPLE else own


def tools_of(services: Services, caller: Caller) -> Sequence[str] | None:
    """Patterns of the tools that may be used for its person, None for all."""
    return services.users.standing(caller.user_id).terms.tools


def _names(services: Services, caller: Caller) -> tuple[str, str]:
    user = services.users.get(caller.user_id)
    return user.id, user.name.casefold()
