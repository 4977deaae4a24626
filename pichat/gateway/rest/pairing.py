"""Pairing over HTTP: the same as the actions."""

from pichat.gateway.actions.pairing import (
    Pair,
    Paired,
    PairingStarted,
    PairingStopped,
    StartPairing,
    StopPairing,
    begin_pairing,
    come_in,
)
from pichat.gateway.calls import Call
from pichat.gateway.routes import route


@route("POST", "/api/pair", needs="anyone", status=201)
async def post_pair(call: Call, payload: Pair) -> Paired:
    """Come in by a code: the reply has the client's own token, which is sent as the header
    “Authorization: Bearer TOKEN” from then on."""
    return await come_in(call.services, payload, call.request.remote)


@route("POST", "/api/pairing", needs="admin", status=201)
async def post_pairing(call: Call, payload: StartPairing) -> PairingStarted:
    """Open the door for one newcomer, who has to know the code."""
    return await begin_pairing(call.services, payload)


@route("DELETE", "/api/pairing", needs="admin")
async def delete_pairing(call: Call, payload: StopPairing) -> PairingStopped:
    """Close the door again: codes that were given out do not count any more."""
    return PairingStopped(stopped=call.services.door.pairing.stop(payload.scope))
