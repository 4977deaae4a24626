"""Pairing: opening the door for a new screen or program, and coming in by a code."""

from typing import Annotated

import msgspec

from pichat.gateway.actions.login import Who, who
from pichat.gateway.context import Context
from pichat.gateway.door.caller import Scope
from pichat.gateway.door.pairing import OpenPairing
from pichat.gateway.door.ways import as_svg, code_url, only_here
from pichat.gateway.registry import action
from pichat.gateway.services import Services

_WORDS = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"  # terminals obey the others
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_WORDS)]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: the six digits that were shown or said; spaces among them do no harm. `name`: what
    this screen is to be called, where whoever let it in did not say."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    name: Name | None = None


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """`token`: its own key, which nobody is told a second time. `who`: what it may do with that."""

    token: str
    who: Who


class StartPairing(msgspec.Struct, frozen=True, kw_only=True):
    """What the newcomer is let in as. `name`: what it is called, else as it calls itself. `area`:
    the room it stands in. `user`: the person it belongs to, by id or name; else the house, or for a
    guest the visitor."""

    scope: Scope = "screen"
    name: Name | None = None
    area: Name | None = None
    user: Name | None = None


class PairingStarted(msgspec.Struct, frozen=True, kw_only=True):
    """`pairing` has the code. `urls`: the page to open on the newcomer, the likeliest address
    first, each with the code behind a #; none when no other machine can come, and then `problem`
    says so. `qr_svg`: the first of them as an image for its camera."""

    pairing: OpenPairing
    urls: tuple[str, ...]
    qr_svg: str | None
    problem: str | None


class StopPairing(msgspec.Struct, frozen=True, kw_only=True):
    """`scope`: which one; None: all."""

    scope: Scope | None = None


class PairingStopped(msgspec.Struct, frozen=True, kw_only=True):
    """Whether any was open."""

    stopped: bool


async def begin_pairing(services: Services, payload: StartPairing) -> PairingStarted:
    """Raises NotFoundError for a person who is not there."""
    door = services.door
    pairing = await door.pairing.start(
        payload.scope,
        name=payload.name,
        area=room_named(services, payload.area),
        user=payload.user,
    )
    urls = tuple(code_url(way, pairing.code) for way in door.ways_in())
    return PairingStarted(
        pairing=pairing,
        urls=urls,
        qr_svg=as_svg(urls[0]) if urls else None,
        problem=None if urls else only_here(door.config),
    )


async def come_in(services: Services, payload: Pair, address: str | None) -> Paired:
    """Raises WrongCodeError, NotFoundError, UnavailableError and TooManyRequestsError."""
    name = payload.name.strip() if payload.name else None
    token, secret = await services.door.pair(payload.code, name, address)
    return Paired(token=secret, who=who(token.caller))


def room_named(services: Services, wanted: str | None) -> str | None:
    """The room as the house writes it, where it has one of that name."""
    if wanted is None:
        return None
    folded = wanted.strip().casefold()
    rooms = (device.area for device in services.house.devices() if device.area is not None)
    return next((area for area in rooms if area.casefold() == folded), wanted.strip())


@action("pair", needs="anyone", example={"code": "123456", "name": "Kitchen tablet"})
async def pair(context: Context, payload: Pair) -> Paired:
    """Come in by a code that `pichat pair` or an admin's screen shows, or that was said: the reply
    has this client's own token, with which it says who it is from now on (`authenticate`). This
    connection is known at once. A code counts once, for 3 minutes, and 5 wrong ones end it."""
    paired = await come_in(context.services, payload, context.client.address)
    context.client.become(context.services.door.tokens.get(paired.who.id).caller)
    return paired


@action("start_pairing", needs="admin", example={"scope": "screen", "area": "Kitchen"})
async def start_pairing(context: Context, payload: StartPairing) -> PairingStarted:
    """Open the door for one newcomer: a six-digit code that counts once, for 3 minutes and at most
    5 tries. It takes the place of an earlier code of the same scope. Subscribers of `pairing` hear
    who came, or that nobody did (`pairing_changed`)."""
    return await begin_pairing(context.services, payload)


@action("stop_pairing", needs="admin")
def stop_pairing(context: Context, payload: StopPairing) -> PairingStopped:
    """Close the door again: codes that were given out do not count any more."""
    return PairingStopped(stopped=context.services.door.pairing.stop(payload.scope))
