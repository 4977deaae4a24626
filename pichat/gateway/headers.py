"""The headers that leave with every answer, also with those to what is no request."""

from multidict import CIMultiDict

# Short: whoever turns TLS off again can still be reached a day later.
_TLS_AGAIN_S = 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    # Files carry an ETag and are asked for again each time: an updated daemon never serves a page
    # half old and half new.
    "Cache-Control": "no-cache",
}


def add_headers(headers: CIMultiDict[str], *, secure: bool) -> None:
    """Those that an answer does not have already. `secure`: it goes over TLS."""
    headers["Server"] = "PiChat"
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if secure:
        headers["Strict-Transport-Security"] = f"max-age={_TLS_AGAIN_S}"
