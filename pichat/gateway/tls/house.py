"""A certificate of this house's own authority: made at the first start, renewed by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from pichat.errors import StartError, UnavailableError
from pichat.gateway.machine import Machine
from pichat.gateway.services.certificates import CertificateView
from pichat.gateway.tls import kept
from pichat.gateway.tls.authority import Authority, BrokenError, Signed, fingerprint, vouched_for
from pichat.gateway.tls.contexts import UnusableError, server_context
from pichat.gateway.tls.day import day
from pichat.gateway.tls.folder import AUTHORITY
from pichat.gateway.tls.served import Served

log = structlog.get_logger(__name__)

_SIGNING = "authority.pem"  # with its key
_LEAF = "server.pem"  # with its key
_RENEW_BEFORE = timedelta(days=30)
_AUTHORITY_SOON = timedelta(days=180)
# A clock that is behind is set by the network within this, and then the certificate was right.
_CLOCK_PATIENCE_S = 900.0
_TRUST_AGAIN = "every screen has to trust it again, as /certificate explains"


class HouseCertificate(Served):
    """Keeps an authority and a certificate for all names and addresses of `machine`."""

    def __init__(
        self,
        directory: Path,
        machine: Machine,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        super().__init__(directory, clock)
        self._machine = machine
        self._began_s = time.monotonic()
        self._authority: Authority | None = None
        self._failed: str | None = None
        self._made_again = False
        self._is_of_this_start = False

    @property
    def problem(self) -> str | None:
        if self._authority is None or self._certificate is None:
            return self._failed
        if self._failed:
            ends = day(self._certificate.not_valid_after_utc)
            return f"The certificate, which ends on {ends}, cannot be renewed: {self._failed}"
        left = self._authority.certificate.not_valid_after_utc - self._clock()
        if left < _AUTHORITY_SOON:
            ends = day(self._authority.certificate.not_valid_after_utc)
            return (
                f"This house's authority ends on {ends}. `pichat tls renew --authority` makes a new"
                f" one; {_TRUST_AGAIN}."
            )
        given = self._machine.given_names()
        if foreign := sorted(name for name in given if not self._authority.may_vouch(name)):
            return (
                f"Browsers will not believe {', '.join(foreign)}: the authority of this house is"
                " older than that name in server.names. `pichat tls renew --authority` makes a new"
                f" one; {_TRUST_AGAIN}."
            )
        if self._made_again:
            return (
                f"The authority of this house was broken and is a new one: {_TRUST_AGAIN}. This"
                " notice goes with the next start."
            )
        return None

    def open(self) -> None:
        try:
            self._open_authority()
            if not self._take_kept():
                self._issue()
        except (OSError, UnusableError) as error:
            if self._context is None:
                raise StartError(
                    f"The certificates in {self._directory} cannot be used: {_reason(error)}"
                ) from error
            self._failed = _reason(error)

    def look(self) -> None:
        try:
            if self._is_due():
                self._issue()
        except (OSError, UnusableError) as error:
            self._failed = _reason(error)
        else:
            self._failed = None

    def replace(self, *, authority: bool) -> None:
        try:
            if authority:
                self._make_authority()
                self._made_again = False
            self._issue()
        except (OSError, UnusableError) as error:
            raise UnavailableError(
                f"The certificate cannot be renewed in {self._directory}: {_reason(error)}"
            ) from error
        self._failed = None

    def view(self) -> CertificateView:
        view = self._view("auto")
        if self._authority is None:
            return view
        certificate = self._authority.certificate
        return msgspec.structs.replace(
            view,
            authority_fingerprint=fingerprint(certificate),
            authority_file=str((self._directory / AUTHORITY).absolute()),
            authority_expires_s=certificate.not_valid_after_utc.timestamp(),
        )

    def authority_pem(self) -> bytes | None:
        return self._authority.certificate_pem if self._authority else None

    def _open_authority(self) -> None:
        pem = kept.read(self._directory / _SIGNING)
        if pem is not None:
            try:
                self._authority = Authority.read(pem)
            except BrokenError as error:
                log.warning("the authority's file is broken and is made again", reason=str(error))
                self._made_again = True
        if self._authority is None:
            self._make_authority()
        else:
            self._publish(AUTHORITY, self._authority.certificate_pem)

    def _make_authority(self) -> None:
        machine = self._machine
        made = Authority.make(
            machine.host_name, machine.names(), machine.addresses(), self._clock()
        )
        kept.write(self._directory / _SIGNING, made.pem)
        self._authority = made
        self._publish(AUTHORITY, made.certificate_pem)
        log.info("certificate authority made", fingerprint=fingerprint(made.certificate))

    def _take_kept(self) -> bool:
        """Serve the certificate of an earlier start, when it still is what it should be."""
        path = self._directory / _LEAF
        pem = kept.read(path)
        if pem is None or self._authority is None:
            return False
        try:
            leaf = Signed.read(pem)
        except BrokenError as error:
            log.warning("the certificate's file is broken and is made again", reason=str(error))
            return False
        if not self._authority.issued(leaf):
            return False
        self._serve(leaf.certificate, server_context(path))
        return not self._is_due()

    def _issue(self) -> None:
        if self._authority is None:
            raise UnusableError("There is no authority.")
        machine, path = self._machine, self._directory / _LEAF
        wanted = self._authority.suits((*machine.names(), *machine.addresses()))
        leaf = self._authority.issue(f"{machine.announced}.local", wanted, self._clock())
        kept.write(path, leaf.pem)
        self._serve(leaf.certificate, server_context(path))
        self._is_of_this_start = True

    def _is_due(self) -> bool:
        """Whether it ends soon, is not for every name and address, or has not begun although the
        clock should be right by now."""
        if self._certificate is None or self._authority is None:
            return True
        now, certificate = self._clock(), self._certificate
        ends = certificate.not_valid_after_utc
        if ends - now < _RENEW_BEFORE and ends < self._authority.certificate.not_valid_after_utc:
            return True
        if now < certificate.not_valid_before_utc:
            # One that was made since the start was made by a clock that has been set since.
            waited_s = time.monotonic() - self._began_s
            return self._is_of_this_start or waited_s > _CLOCK_PATIENCE_S
        wanted = self._authority.suits((*self._machine.names(), *self._machine.addresses()))
        return not set(wanted) <= set(vouched_for(certificate))


def _reason(error: OSError | UnusableError) -> str:
    """As the end of a sentence."""
    return error.sentence if isinstance(error, UnusableError) else f"{error.strerror or error}."
