"""The tokens of screens and programs over HTTP: the same as the actions."""

import msgspec

from pichat.gateway.actions.login import Who, who
from pichat.gateway.actions.tokens import (
    CreateToken,
    GetTokens,
    OneToken,
    RevokeToken,
    SignOut,
    TokenCreated,
    TokenRevoked,
    TokensList,
    UpdateToken,
    add_token,
    change_token,
    list_tokens,
    take_token,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


class AskWho(msgspec.Struct, frozen=True, kw_only=True):
    pass


@route("GET", "/api/me", needs="guest")
async def get_me(call: Call, payload: AskWho) -> Who:  # noqa: ARG001
    """Tell who asks, and what it may do."""
    return who(call.caller)


@route("DELETE", "/api/me", needs="guest")
async def delete_me(call: Call, payload: SignOut) -> TokenRevoked:  # noqa: ARG001
    """Give up the token that asks."""
    return await take_token(call.services, call.caller.id)


@route("GET", "/api/tokens", needs="admin")
async def get_tokens(call: Call, payload: GetTokens) -> TokensList:  # noqa: ARG001
    """List the screens and programs that were let in, and the pairings that are open."""
    return list_tokens(call.services, call.caller.id)


@route("POST", "/api/tokens", needs="admin", status=201)
async def post_token(call: Call, payload: CreateToken) -> TokenCreated:
    """Make a token for a program. The reply is the only one that has it."""
    return await add_token(call.services, payload)


@route("PATCH", "/api/tokens/{token_id}", needs="admin")
async def patch_token(call: Call, payload: UpdateToken) -> OneToken:
    """Give a screen or program another name or room."""
    return await change_token(call.services, payload, call.caller.id)


@route("DELETE", "/api/tokens/{token_id}", needs="admin")
async def delete_token(call: Call, payload: RevokeToken) -> TokenRevoked:
    """Let a screen or program in no more; its connections are closed at once."""
    return await take_token(call.services, payload.token_id)
