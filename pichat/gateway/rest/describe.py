"""What there is to ask for, told by itself: for programs; `/docs` shows it to people."""

import asyncio

import msgspec

from pichat.gateway.calls import Call
from pichat.gateway.routes import route


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    pass


@route("GET", "/openapi.json", needs="guest")
async def get_openapi(call: Call, payload: Nothing) -> msgspec.Raw:  # noqa: ARG001
    """The REST side as OpenAPI 3.1."""
    from pichat.gateway.describe.openapi import openapi_json

    # The first time it is made, which takes longer than a light wants to wait.
    return msgspec.Raw(await asyncio.to_thread(openapi_json))


@route("GET", "/protocol.json", needs="guest")
async def get_protocol(call: Call, payload: Nothing) -> msgspec.Raw:  # noqa: ARG001
    """The WebSocket protocol and the REST side, with examples; `schema` is a JSON schema of every
    frame."""
    from pichat.gateway.describe.schema import protocol_json

    return msgspec.Raw(await asyncio.to_thread(protocol_json))
