"""A server's question to a person, in the SDK's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp import types
from mcp.client.session import ClientRequestContext, ElicitationFnT

from pichat.errors import BusyError

if TYPE_CHECKING:
    from pichat.mcp.upstream.means import Ask

_REFUSED = -32603


def asking(server: str, ask: Ask | None) -> ElicitationFnT | None:
    """None where nobody can be asked: then the server is told so when it begins."""
    if ask is None:
        return None

    async def elicit(
        context: ClientRequestContext,  # noqa: ARG001
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult | types.ErrorData:
        fields: dict[str, Any] | None = getattr(params, "requested_schema", None)
        try:
            given = await ask(server, params.message, fields, getattr(params, "url", None))
        except BusyError as error:
            return types.ErrorData(code=_REFUSED, message=error.sentence)
        if not given.answered:
            return types.ElicitResult(action="cancel")
        if given.values is None:
            return types.ElicitResult(action="decline")
        return types.ElicitResult(action="accept", content=given.values if fields else None)

    return elicit
