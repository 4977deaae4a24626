"""The headers that leave with every answer, also with those to what is no request."""

from multidict import CIMultiDict

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


def add_headers(headers: CIMultiDict[str]) -> None:
    """Those that an answer does not have already. No Strict-Transport-Security: plain HTTP leads to
    TLS anyway, and a browser that insists on it could not fetch a new authority's certificate."""
    headers["Server"] = "PiChat"
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
