"""What both kinds of certificates share: one that is served, looked after while the daemon runs."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext
from typing import Literal

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from pichat.errors import UnavailableError
from pichat.gateway.services.certificates import CertificateView
from pichat.gateway.tls import kept
from pichat.gateway.tls.authority import fingerprint, vouched_for
from pichat.gateway.tls.folder import SERVED
from pichat.health import Health

log = structlog.get_logger(__name__)

PART = "certificate"
_LOOK_EVERY_S = 10.0


class Served(ABC):
    """A certificate that is shown to every new connection. `clock`: the time of day, in UTC."""

    def __init__(self, directory: Path, clock: Callable[[], datetime] | None = None) -> None:
        """`directory`: the certificates' own, in the state directory."""
        self._directory = directory
        self._clock = clock or (lambda: datetime.now(UTC))
        self._context: SSLContext | None = None
        self._certificate: x509.Certificate | None = None
        self._changing = asyncio.Lock()
        self._news = asyncio.Event()

    @property
    def context(self) -> SSLContext | None:
        return self._context

    @property
    @abstractmethod
    def problem(self) -> str | None:
        """A sentence for the owner; None when all is well."""

    @abstractmethod
    def open(self) -> None:
        """Have a certificate to serve. Raises StartError in one line."""

    @abstractmethod
    def look(self) -> None:
        """Replace the certificate if it is time, or say in `problem` why that cannot be."""

    @abstractmethod
    def replace(self, *, authority: bool) -> None:
        """Replace it now. Raises UnavailableError."""

    @abstractmethod
    def view(self) -> CertificateView: ...

    def authority_pem(self) -> bytes | None:
        return None

    async def renew(self, *, authority: bool = False) -> CertificateView:
        """Replace it now; one that cannot be replaced stays. Raises UnavailableError."""
        async with self._changing:
            await asyncio.to_thread(self.replace, authority=authority)
        self._news.set()
        return self.view()

    async def watch(self, health: Health, every_s: float = _LOOK_EVERY_S) -> None:
        """Look after it, and say on the board how it is. Ends only by being cancelled."""
        while True:
            self._news.clear()
            async with self._changing:
                await asyncio.to_thread(self.look)
            problem = self.problem
            health.set(PART, "degraded" if problem else "ok", problem)
            try:
                await asyncio.wait_for(self._news.wait(), every_s)
            except TimeoutError:
                continue

    def _serve(self, certificate: x509.Certificate, context: SSLContext) -> None:
        """Show it from now on; those who are connected keep what they have."""
        self._certificate, self._context = certificate, context
        ends = certificate.not_valid_after_utc
        log.info(
            "certificate in use", ends=f"{ends:%Y-%m-%d}", fingerprint=fingerprint(certificate)
        )
        try:
            self._publish(SERVED, certificate.public_bytes(Encoding.PEM))
        except OSError as error:  # only commands of this machine need it
            log.warning("certificate not written down", reason=error.strerror)

    def _publish(self, name: str, pem: bytes) -> None:
        """For everybody to read. Raises OSError."""
        path = self._directory / name
        if kept.read(path) != pem:
            kept.write(path, pem, kept.PUBLIC)

    def _view(self, mode: Literal["auto", "files"]) -> CertificateView:
        if self._certificate is None:
            raise UnavailableError("There is no certificate yet.")
        ends = self._certificate.not_valid_after_utc
        return CertificateView(
            mode=mode,
            names=tuple(map(str, vouched_for(self._certificate))),
            fingerprint=fingerprint(self._certificate),
            expires_s=ends.timestamp(),
            days_left=(ends - self._clock()).days,
            problem=self.problem,
        )
