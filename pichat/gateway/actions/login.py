"""Saying who one is."""

from typing import Annotated

import msgspec

from pichat.gateway.context import Context
from pichat.gateway.door.caller import Caller, Scope, UnauthenticatedError
from pichat.gateway.registry import action

Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Authenticate(msgspec.Struct, frozen=True, kw_only=True):
    """Without a `token` it only asks who one is taken for."""

    token: Secret | None = None


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: the name of its token, how far it may go, the room it stands in and the person
    whom it belongs to. `id`: its token's, or `this-machine` or `api-token`."""

    id: str
    name: str
    scope: Scope
    area: str | None
    user_id: str


def who(caller: Caller) -> Who:
    return Who(
        id=caller.id,
        name=caller.name,
        scope=caller.scope,
        area=caller.area,
        user_id=caller.user_id,
    )


@action("authenticate", needs="anyone", example={})
async def authenticate(context: Context, payload: Authenticate) -> Who:
    """Say who this connection is, by the token that pairing gave it, and learn what it may do. A
    connection that nobody knows within 10 s is closed with the code 4401, and so is one whose token
    is revoked. Whoever says who it is anew has to subscribe anew."""
    client = context.client
    if payload.token is not None:
        try:
            caller = await context.services.door.recognise(payload.token, client.address)
        except UnauthenticatedError:
            client.become(None)
            raise
        client.become(caller)
    return who(context.caller)
