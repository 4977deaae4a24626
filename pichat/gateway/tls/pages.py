"""What is told of the certificate: the file that browsers have to trust, the page that explains
how, and the way from plain HTTP to HTTPS."""

import html
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pichat.errors import NotFoundError
from pichat.gateway.door.entrances import Entrances
from pichat.gateway.services.certificates import OFF, Certificates, CertificateView
from pichat.gateway.tls.day import day

_PAGE = Path(__file__).parents[2] / "web" / "certificate.html"
CA_TYPE = "application/x-x509-ca-cert"

# Who fetches the certificate cannot trust it yet, so these are also answered without TLS.
PLAIN = frozenset(
    {
        "/ca.crt",
        "/certificate",
        "/static/favicon.svg",
        "/static/style/base.css",
        "/static/style/certificate.css",
    }
)


def secure_only(certificates: Certificates) -> Middleware:
    """While there is TLS, sends who comes without it to the same place over HTTPS."""

    @web.middleware
    async def secured(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.secure or request.path in PLAIN or certificates.context is None:
            return await handler(request)
        place = f"https://{request.host}{request.rel_url.raw_path_qs}"
        return web.Response(
            status=308,
            text=f"PiChat speaks HTTPS here: {place}\n",
            headers={"Location": place, "Cache-Control": "no-store"},
        )

    return secured


class CertificatePages:
    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def add(self, entrances: Entrances) -> None:
        entrances.add("GET", "/ca.crt", self._authority, needs="anyone")
        entrances.add("GET", "/certificate", self._page, needs="anyone")

    async def _authority(self, _: web.Request) -> web.Response:
        pem = self._certificates.authority_pem()
        if pem is None:
            view = self._certificates.view()
            raise NotFoundError(
                OFF if view.mode == "off" else "The certificate here is its owner's own."
            )
        headers = {"Content-Type": CA_TYPE, "Cache-Control": "no-store"}
        return web.Response(body=pem, headers=headers)

    async def _page(self, request: web.Request) -> web.Response:
        view = self._certificates.view()
        fields = {
            **{mode: "" if mode == view.mode else "hidden" for mode in ("off", "auto", "files")},
            "host": request.host,
            "fingerprint": _in_lines(view.authority_fingerprint or view.fingerprint or ""),
            "ends": _when(view),
            "names": ", ".join(view.names),
        }
        escaped = {name: html.escape(value) for name, value in fields.items()}
        page = Template(_PAGE.read_text(encoding="utf-8")).substitute(escaped)
        return web.Response(text=page, content_type="text/html")


def _in_lines(fingerprint: str) -> str:
    """Eight bytes a line, as is compared by eye."""
    pairs = fingerprint.split(":")
    return "\n".join(" ".join(pairs[at : at + 8]) for at in range(0, len(pairs), 8))


def _when(view: CertificateView) -> str:
    if view.expires_s is None:
        return ""
    return day(datetime.fromtimestamp(view.expires_s, UTC))
