"""The certificate that browsers are shown, as the actions and pages need it."""

from ssl import SSLContext
from typing import Literal, Protocol

from msgspec import Struct

from pichat.errors import UnavailableError

OFF = "HTTPS is off. Set server.tls.mode to auto in config.yaml, and start PiChat again."


class CertificateView(Struct, frozen=True, kw_only=True):
    """`names`: names and addresses that it vouches for. Fingerprints are of SHA-256, in hex with
    colons; times are seconds since the epoch. `authority_…`: of this house's own authority, None
    in other modes. `problem`: a sentence for the owner, None when all is well."""

    mode: Literal["off", "auto", "files"]
    names: tuple[str, ...] = ()
    fingerprint: str | None = None
    expires_s: float | None = None
    days_left: int | None = None
    authority_fingerprint: str | None = None
    authority_file: str | None = None
    authority_expires_s: float | None = None
    problem: str | None = None


class Certificates(Protocol):
    @property
    def context(self) -> SSLContext | None:
        """For connections from now on; None when there is no TLS."""
        ...

    def view(self) -> CertificateView: ...

    def authority_pem(self) -> bytes | None:
        """The certificate that browsers have to trust; None when it is not this house's own."""
        ...

    async def renew(self, *, authority: bool = False) -> CertificateView:
        """Make a new certificate now, or read the owner's again; with `authority`, a new authority
        too, which every screen has to trust again. Raises UnavailableError and
        UnsupportedError."""
        ...


class NoCertificates:
    """HTTPS is off."""

    context = None

    def view(self) -> CertificateView:
        return CertificateView(mode="off")

    def authority_pem(self) -> bytes | None:
        return None

    async def renew(self, *, authority: bool = False) -> CertificateView:  # noqa: ARG002
        raise UnavailableError(OFF)
