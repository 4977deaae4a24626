"""Who was let in: the tokens of screens and programs."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from pichat.errors import BadRequestError
from pichat.gateway.actions.pairing import Name, room_named
from pichat.gateway.context import Context
from pichat.gateway.door.caller import HOUSE, Scope
from pichat.gateway.door.pairing import OpenPairing
from pichat.gateway.door.tokens import Token
from pichat.gateway.registry import action
from pichat.gateway.services import Services

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class GetTokens(msgspec.Struct, frozen=True, kw_only=True):
    pass


class SeenToken(Token, frozen=True, kw_only=True):
    """`connected`: how many connections it has now. `own`: it is the one that asks."""

    connected: int
    own: bool


class TokensList(msgspec.Struct, frozen=True, kw_only=True):
    """`pairings`: codes that count now."""

    tokens: tuple[SeenToken, ...]
    pairings: tuple[OpenPairing, ...]


class CreateToken(msgspec.Struct, frozen=True, kw_only=True):
    """For a program that can be given a token, and needs no code. `user`: the person it belongs to,
    by id or name."""

    name: Name
    scope: Scope = "agent"
    area: Name | None = None
    user: Name | None = None


class TokenCreated(msgspec.Struct, frozen=True, kw_only=True):
    """`secret`: the token itself, which nobody is told a second time."""

    token: SeenToken
    secret: str


class UpdateToken(msgspec.Struct, frozen=True, kw_only=True):
    """What is left out stays. `area`: null for no room."""

    token_id: _Id
    name: Name | UnsetType = UNSET
    area: Name | UnsetType | None = UNSET


class OneToken(msgspec.Struct, frozen=True, kw_only=True):
    token: SeenToken


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True):
    token_id: _Id


class TokenRevoked(msgspec.Struct, frozen=True, kw_only=True):
    """The one that does not count any more."""

    token_id: str
    name: str


class SignOut(msgspec.Struct, frozen=True, kw_only=True):
    pass


def list_tokens(services: Services, own: str) -> TokensList:
    """`own`: the id of the one that asks."""
    door = services.door
    seen = tuple(_seen(services, token, own) for token in door.tokens.all())
    return TokensList(tokens=seen, pairings=door.pairing.open())


async def add_token(services: Services, payload: CreateToken) -> TokenCreated:
    """Raises NotFoundError, BadRequestError and UnavailableError."""
    tokens = services.door.tokens
    user = payload.user or ("guest" if payload.scope == "guest" else HOUSE)
    token, secret = await tokens.create(
        payload.name.strip(),
        payload.scope,
        area=room_named(services, payload.area),
        user_id=await tokens.user_named(user),
    )
    return TokenCreated(token=_seen(services, token, ""), secret=secret)


async def change_token(services: Services, payload: UpdateToken, own: str) -> OneToken:
    """Raises NotFoundError, BadRequestError and UnavailableError."""
    if payload.name is UNSET and payload.area is UNSET:
        raise BadRequestError("Say a new “name” or “area”.")
    area = room_named(services, payload.area) if payload.area is not UNSET else UNSET
    token = await services.door.tokens.update(
        payload.token_id,
        name=payload.name.strip() if payload.name is not UNSET else None,
        area=area,
    )
    return OneToken(token=_seen(services, token, own))


async def take_token(services: Services, token_id: str) -> TokenRevoked:
    """Raises NotFoundError and UnavailableError."""
    token = await services.door.tokens.revoke(token_id)
    return TokenRevoked(token_id=token.id, name=token.name)


def _seen(services: Services, token: Token, own: str) -> SeenToken:
    connected = services.door.visitors.connected()[token.id]
    fields = {name: getattr(token, name) for name in Token.__struct_fields__}
    return SeenToken(**fields, connected=connected, own=token.id == own)


@action("get_tokens", needs="admin")
def get_tokens(context: Context, payload: GetTokens) -> TokensList:  # noqa: ARG001
    """List the screens and programs that were let in, each with what it may do, when it was last
    used and whether it is connected; and the pairings that are open."""
    return list_tokens(context.services, context.caller.id)


@action("create_token", needs="admin", example={"name": "Calendar script", "scope": "agent"})
async def create_token(context: Context, payload: CreateToken) -> TokenCreated:
    """Make a token for a program, without a code. The reply is the only one that has it."""
    return await add_token(context.services, payload)


@action("update_token", needs="admin", example={"token_id": "5f3d2c1b0a998877", "name": "Tablet"})
async def update_token(context: Context, payload: UpdateToken) -> OneToken:
    """Give a screen or program another name or room. It need not connect again."""
    return await change_token(context.services, payload, context.caller.id)


@action("revoke_token", needs="admin", example={"token_id": "5f3d2c1b0a998877"})
async def revoke_token(context: Context, payload: RevokeToken) -> TokenRevoked:
    """Let a screen or program in no more. Connections that it has are closed at once, with the code
    4401."""
    return await take_token(context.services, payload.token_id)


@action("sign_out", needs="guest")
async def sign_out(context: Context, payload: SignOut) -> TokenRevoked:  # noqa: ARG001
    """Give up this client's own token, as on a screen that is given away; the connection is closed
    with the code 4401. The error `not_found` tells whoever came without one."""
    return await take_token(context.services, context.caller.id)
