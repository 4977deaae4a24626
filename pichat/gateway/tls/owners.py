"""The owner's own certificate: two files, read again whenever they change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from pichat.errors import StartError, UnavailableError, UnsupportedError
from pichat.gateway.services.certificates import CertificateView
from pichat.gateway.tls.contexts import UnusableError, server_context
from pichat.gateway.tls.day import day
from pichat.gateway.tls.served import Served

_SOON = timedelta(days=14)
_Stamp = tuple[tuple[int, int, int] | None, ...]


class OwnersCertificate(Served):
    """A program such as certbot replaces the files; a new one that cannot be used is not used."""

    def __init__(
        self,
        directory: Path,
        certificate: Path,
        key: Path,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(directory, clock)
        self._path, self._key = certificate, key
        self._read: _Stamp = ()
        self._refused: str | None = None

    @property
    def problem(self) -> str | None:
        if self._certificate is None:
            return self._refused
        left = self._certificate.not_valid_after_utc - self._clock()
        ends = day(self._certificate.not_valid_after_utc)
        if left < timedelta():
            expiry = f"The certificate {self._path} ended on {ends}: renew it."
        elif left < _SOON:
            expiry = f"The certificate {self._path} ends on {ends}: renew it."
        elif self._clock() < self._certificate.not_valid_before_utc:
            expiry = (
                f"The certificate {self._path} begins on"
                f" {day(self._certificate.not_valid_before_utc)}; this machine's clock says"
                f" {day(self._clock())}. Set the clock, or use another certificate."
            )
        else:
            expiry = ""
        refused = f"{self._refused} The one before stays in use." if self._refused else ""
        return f"{refused} {expiry}".strip() or None

    def open(self) -> None:
        try:
            self._take()
        except UnusableError as error:
            raise StartError(f"{error.sentence} It is server.tls in config.yaml.") from error

    def look(self) -> None:
        if self._stamp() != self._read:
            try:
                self._take()
            except UnusableError:
                return

    def replace(self, *, authority: bool) -> None:
        if authority:
            raise UnsupportedError("The certificate is your own: PiChat has no authority here.")
        try:
            self._take()
        except UnusableError as error:
            raise UnavailableError(f"{error.sentence} The one before stays in use.") from error

    def view(self) -> CertificateView:
        return self._view("files")

    def _take(self) -> None:
        self._read = self._stamp()
        try:
            context = server_context(self._path, self._key)
            certificate = x509.load_pem_x509_certificate(self._path.read_bytes())
        except UnusableError as error:
            self._refused = error.sentence
            raise
        except (OSError, ValueError) as error:
            self._refused = f"The certificate {self._path} cannot be read."
            raise UnusableError(self._refused) from error
        self._refused = None
        self._serve(certificate, context)

    def _stamp(self) -> _Stamp:
        """What tells whether a file is another than before, or gone."""
        stamps: list[tuple[int, int, int] | None] = []
        for path in (self._path, self._key):
            try:
                found = path.stat()
            except OSError:
                stamps.append(None)
            else:
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
        return tuple(stamps)
