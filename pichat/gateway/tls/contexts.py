"""How TLS is spoken: versions and ciphers, and what is wrong with a certificate's files."""

from __future__ import annotations

import ssl
from pathlib import Path

# For TLS 1.2; all of them have forward secrecy and authenticate what they encrypt.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


class UnusableError(Exception):
    """The files cannot be used; the sentence says why, for their owner."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def server_context(certificate: Path, key: Path | None = None) -> ssl.SSLContext:
    """`certificate`: a chain in PEM, which holds the key as well when there is no `key`. Raises
    UnusableError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    for path in filter(None, (certificate, key)):
        _readable(path)
    encrypted = False

    def password() -> str:
        nonlocal encrypted
        encrypted = True
        return ""

    try:
        context.load_cert_chain(certificate, key, password)
    except (ssl.SSLError, ValueError) as error:
        if encrypted:
            reason = f"the key {key or certificate} is locked with a passphrase, which has to go"
        elif getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
            reason = f"the key {key or certificate} does not belong to it"
        else:
            reason = "the files are no certificate and key in PEM"
        raise UnusableError(f"The certificate {certificate} cannot be used: {reason}.") from error
    except OSError as error:
        raise UnusableError(
            f"The certificate {certificate} cannot be read: {error.strerror or error}."
        ) from error
    return context


def _readable(path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UnusableError(f"{path} cannot be read: {error.strerror or error}.") from error
