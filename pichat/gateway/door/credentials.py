"""Where a request carries its token: in a header, or in the subprotocol of a WebSocket, which is
the one place that a browser's script can set. Never in its address."""

from aiohttp import web

from pichat.errors import BadRequestError
from pichat.gateway.door.caller import UnauthenticatedError
from pichat.gateway.door.tokens import PREFIX

SUBPROTOCOL = "pichat"
"""What a WebSocket may offer, and is then told back; alone, or beside the one with the token."""

_TOKEN_PROTOCOL = "pichat.token."  # noqa: S105  (a name, no secret)
_IN_ADDRESSES = frozenset({"token", "access_token", "api_token", "api_key", "apikey"})
_HOW = (
    "Send it as the header “Authorization: Bearer TOKEN”, or over a WebSocket as the subprotocols"
    " “pichat, pichat.token.TOKEN” or in a first message “authenticate”."
)


def refuse_addresses(request: web.Request) -> None:
    """Raises BadRequestError for a token in the query: addresses are kept in logs and
    histories."""
    if not request.query_string:
        return
    for name, value in request.query.items():
        if name.lower() in _IN_ADDRESSES or value.startswith(PREFIX):
            raise BadRequestError(f"A token does not belong into an address. {_HOW}")


def token_of(request: web.Request) -> str | None:
    """The token that a request carries, if it does. Raises UnauthenticatedError for one in a form
    that is not known, and BadRequestError."""
    headers = request.headers.getall("Authorization", [])
    offered = _protocols(request)
    # The library would write what is offered in vain into the log, and a token may be among it.
    if offered and SUBPROTOCOL not in offered:
        raise BadRequestError(f"Offer the subprotocol “{SUBPROTOCOL}”, beside any other.")
    tokens = [each[len(_TOKEN_PROTOCOL) :] for each in offered if each.startswith(_TOKEN_PROTOCOL)]
    for header in headers:
        scheme, _, value = header.strip().partition(" ")
        if scheme.lower() == "bearer" and value.strip():
            tokens.append(value.strip())
        elif scheme.lower() != "basic":  # that is for a proxy in front of us
            raise UnauthenticatedError(f"That is no way to send a token. {_HOW}")
    if len(set(tokens)) > 1:
        raise BadRequestError("The request carries two different tokens; send one.")
    return tokens[0] if tokens else None


def _protocols(request: web.Request) -> list[str]:
    lines = request.headers.getall("Sec-WebSocket-Protocol", [])
    return [each.strip() for line in lines for each in line.split(",") if each.strip()]
