"""This house's own certificate authority: what it may vouch for, and how it signs.

Whoever trusts it trusts it for this house alone: it is constrained to names that nobody owns on the
internet, to those of this machine, and to private addresses, so that its key is of no use to a
thief elsewhere.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pichat.gateway.machine import Address

# A clock that was never set stands before this; no certificate may end because of it.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
AUTHORITY_LIFE = timedelta(days=3653)
# Together at most the 397 days that browsers accept. It begins in the past for screens, and for a
# machine without a clock of its own, that are behind.
LEAF_BEHIND = timedelta(days=30)
LEAF_LIFE = timedelta(days=366)
_MOST_NAMES = 100

_NOBODYS_NAMES = ("local", "home.arpa", "internal", "lan", "localhost")
_PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)


class BrokenError(ValueError):
    """A kept file does not hold what it should."""


class Signed:
    """A certificate and its key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self.key = key

    @classmethod
    def read(cls, pem: bytes) -> Signed:
        """Raises BrokenError."""
        try:
            certificate = x509.load_pem_x509_certificate(pem)
            key = load_pem_private_key(pem, None)
            matches = certificate.public_key() == key.public_key()
        except (ValueError, TypeError) as error:
            raise BrokenError(str(error)) from error
        if not matches or not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BrokenError("its key does not fit its certificate")
        return cls(certificate, key)

    @property
    def pem(self) -> bytes:
        """The key and the certificate, as `read` takes them."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate_pem

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


class Authority(Signed):
    """Signs certificates for this machine."""

    @classmethod
    def read(cls, pem: bytes) -> Authority:
        signed = Signed.read(pem)
        try:
            signed.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        except x509.ExtensionNotFound as error:
            raise BrokenError("it is no authority of PiChat") from error
        return cls(signed.certificate, signed.key)

    @classmethod
    def make(
        cls, host_name: str, names: Iterable[str], addresses: Iterable[Address], now: datetime
    ) -> Authority:
        """`names` and `addresses`: what it may vouch for beside private ones."""
        made = max(now, EARLIEST)
        title = f"PiChat on {host_name[:32]}, {made:%Y-%m-%d}"
        subject = _subject(title)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(subject, subject, key.public_key(), EARLIEST, made + AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_constraints(names, addresses), critical=True)
        )
        return cls(builder.sign(key, hashes.SHA256()), key)

    def may_vouch(self, wanted: str | Address) -> bool:
        """Whether browsers believe a certificate of this authority for that name or address."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        for permitted in constraints.value.permitted_subtrees or ():
            value = permitted.value
            if isinstance(wanted, str):
                fits = isinstance(value, str) and f".{wanted}".endswith(f".{value}")
            else:
                network = isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network)
                fits = network and wanted in value
            if fits:
                return True
        return False

    def issued(self, leaf: Signed) -> bool:
        try:
            leaf.certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError, TypeError):
            return False
        return True

    def issue(self, title: str, wanted: Iterable[str | Address], now: datetime) -> Signed:
        """A certificate for the names and addresses that it may vouch for; `title` is for people.
        It ends with the authority at the latest."""
        last = self.certificate.not_valid_after_utc
        now = min(max(now, EARLIEST), last)
        ends = min(now + LEAF_LIFE, last)
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self.certificate
        builder = (
            _builder(
                _subject(title[:64]), issuer.subject, key.public_key(), now - LEAF_BEHIND, ends
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(list(_general(wanted))), critical=False)
            .add_extension(_issuer_key(issuer), critical=False)
        )
        return Signed(builder.sign(self.key, hashes.SHA256()), key)

    def suits(self, wanted: Iterable[str | Address]) -> tuple[str | Address, ...]:
        """What of it goes into a certificate: what it may vouch for, in a fixed order."""
        fit = [each for each in wanted if self.may_vouch(each)]
        return tuple(sorted(fit, key=lambda each: (not isinstance(each, str), str(each))))[
            :_MOST_NAMES
        ]


def vouched_for(certificate: x509.Certificate) -> tuple[str | Address, ...]:
    """The names and addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    names: list[str] = found.get_values_for_type(x509.DNSName)
    addresses = [
        each
        for each in found.get_values_for_type(x509.IPAddress)
        if isinstance(each, ipaddress.IPv4Address | ipaddress.IPv6Address)
    ]
    return (*names, *addresses)


def fingerprint(certificate: x509.Certificate) -> str:
    """Of SHA-256, as browsers show it."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _subject(title: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    begins: datetime,
    ends: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _issuer_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _constraints(names: Iterable[str], addresses: Iterable[Address]) -> x509.NameConstraints:
    own = [
        name
        for name in sorted(names)
        if not name.endswith(tuple(map(".{}".format, _NOBODYS_NAMES)))
    ]
    permitted: list[x509.GeneralName] = [
        x509.DNSName(name) for name in dict.fromkeys((*_NOBODYS_NAMES, *own))
    ]
    networks = [ipaddress.ip_network(each) for each in _PRIVATE]
    networks += [
        ipaddress.ip_network(each)
        for each in sorted(addresses, key=str)
        if not any(each in network for network in networks)
    ]
    permitted += [x509.IPAddress(network) for network in networks]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)


def _general(wanted: Iterable[str | Address]) -> Iterator[x509.GeneralName]:
    for each in wanted:
        yield x509.DNSName(each) if isinstance(each, str) else x509.IPAddress(each)
