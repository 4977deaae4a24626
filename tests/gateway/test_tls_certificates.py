"""The certificates themselves: what the authority may vouch for, when they are renewed, and what
becomes of files that are broken. No port is open here; handshakes go through memory."""

import asyncio
import datetime
import ipaddress
import ssl
import stat
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from pichat.bus import Bus
from pichat.config import load_config
from pichat.config.types import Server
from pichat.errors import ConfigError, StartError, UnavailableError, UnsupportedError
from pichat.events import PartHealth
from pichat.gateway.machine import Address, Machine, as_address, as_name
from pichat.gateway.tls.authority import EARLIEST, Authority, Signed
from pichat.gateway.tls.house import HouseCertificate
from pichat.gateway.tls.owners import OwnersCertificate
from pichat.health import Health

NOW = datetime.datetime(2026, 11, 24, 12, tzinfo=UTC)
HOME = frozenset({ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("192.168.1.5")})


class Clock:
    def __init__(self, now: datetime.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime.datetime:
        return self.now


class Network:
    """The addresses of a machine, which may change."""

    def __init__(self) -> None:
        self.addresses: frozenset[Address] = HOME

    def __call__(self) -> frozenset[Address]:
        return self.addresses


def house(
    tmp_path: Path,
    clock: Callable[[], datetime.datetime],
    network: Network | None = None,
    **settings: Any,
) -> HouseCertificate:
    machine = Machine(Server(**settings), network or Network())
    return HouseCertificate(tmp_path / "tls", machine, clock)


def opened(
    tmp_path: Path, clock: Callable[[], datetime.datetime], **settings: Any
) -> HouseCertificate:
    made = house(tmp_path, clock, **settings)
    made.open()
    return made


def shake_hands(server: ssl.SSLContext, trusted: bytes, name: str) -> str:
    """A handshake with `name` by a client that trusts only `trusted`, at this machine's own time:
    the version of TLS. Raises ssl.SSLError."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=trusted.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=name)
    answering = server.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (asking, answering):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return str(asking.version())


def stolen(authority: Authority, name: str, folder: Path) -> ssl.SSLContext:
    """What a thief of the authority's key would make: a certificate for `name`."""
    wanted = as_address(name) or name
    path = folder / f"{name}.pem"
    path.write_bytes(authority.issue(name, [wanted], datetime.datetime.now(UTC)).pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def owners(directory: Path, name: str, ends: datetime.datetime) -> tuple[Path, Path]:
    """A certificate that signs itself, as its owner would bring one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = Signed(certificate, key)
    chain, secret = directory / "fullchain.pem", directory / "privkey.pem"
    chain.write_bytes(pem.certificate_pem)
    secret.write_bytes(pem.pem.removesuffix(pem.certificate_pem))
    return chain, secret


def test_the_first_start_makes_an_authority_and_later_ones_keep_it(tmp_path: Path) -> None:
    clock = Clock()
    first = opened(tmp_path, clock, names=("house.example", "203.0.113.9", "no name!"))
    view = first.view()
    assert view.mode == "auto"
    assert {"pichat.local", "localhost", "192.168.1.5", "house.example", "203.0.113.9"} <= set(
        view.names
    )
    assert "no name!" not in view.names
    assert view.days_left == 366
    assert view.problem is None
    files = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "tls").iterdir()}
    assert files == {
        "authority.pem": 0o600, "server.pem": 0o600, "ca.crt": 0o644, "served.crt": 0o644
    }  # fmt: skip
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert first.authority_pem() == (tmp_path / "tls" / "ca.crt").read_bytes()
    assert b"PRIVATE" not in (tmp_path / "tls" / "ca.crt").read_bytes()
    (tmp_path / "tls" / "authority.pem").chmod(0o644)
    again = opened(tmp_path, clock, names=("house.example",))
    assert again.view().fingerprint == view.fingerprint
    assert again.view().authority_fingerprint == view.authority_fingerprint
    assert stat.S_IMODE((tmp_path / "tls" / "authority.pem").stat().st_mode) == 0o600


def test_browsers_believe_it_for_this_house_and_for_nothing_else(tmp_path: Path) -> None:
    made = opened(tmp_path, lambda: datetime.datetime.now(UTC), names=("house.example",))
    trusted, context = made.authority_pem(), made.context
    assert trusted is not None
    assert context is not None
    for name in ("pichat.local", "127.0.0.1", "192.168.1.5", "house.example"):
        assert shake_hands(context, trusted, name) == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake_hands(context, trusted, "other.local")
    key = Authority.read((tmp_path / "tls" / "authority.pem").read_bytes())
    assert shake_hands(stolen(key, "kitchen.local", tmp_path), trusted, "kitchen.local")
    for name in ("bank.example", "notlocal", "198.51.100.7"):
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
            shake_hands(stolen(key, name, tmp_path), trusted, name)


def test_old_versions_of_tls_are_refused(tmp_path: Path) -> None:
    context = opened(tmp_path, Clock()).context
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not [each for each in context.get_ciphers() if "CBC" in each["name"]]


def test_it_is_renewed_before_it_ends_and_when_the_machine_is_elsewhere(tmp_path: Path) -> None:
    clock, network = Clock(), Network()
    made = house(tmp_path, clock, network)
    made.open()
    first, authority = made.view().fingerprint, made.view().authority_fingerprint
    made.look()
    clock.now = NOW + timedelta(days=335)
    made.look()
    assert made.view().fingerprint == first
    clock.now = NOW + timedelta(days=337)
    made.look()
    second = made.view()
    assert second.fingerprint != first
    assert second.days_left == 366
    network.addresses = HOME - {ipaddress.ip_address("192.168.1.5")}
    made.look()
    assert made.view().fingerprint == second.fingerprint  # it is still good for the address it has
    network.addresses |= {ipaddress.ip_address("10.0.0.7"), ipaddress.ip_address("2001:db8::7")}
    made.look()
    third = made.view()
    assert "10.0.0.7" in third.names
    assert "192.168.1.5" not in third.names
    assert "2001:db8::7" not in third.names  # public: the authority could not vouch for it
    assert third.authority_fingerprint == authority
    assert third.problem is None


def test_a_clock_that_is_wrong_breaks_nothing(tmp_path: Path) -> None:
    clock = Clock(datetime.datetime(1970, 1, 1, tzinfo=UTC))
    made = opened(tmp_path, clock)
    assert made.view().expires_s == (EARLIEST + timedelta(days=366)).timestamp()
    authority = made.view().authority_fingerprint
    clock.now = now = NOW + timedelta(days=200)
    made.look()
    right = made.view()
    assert right.authority_fingerprint == authority
    assert right.days_left == 366
    clock.now = NOW  # the next start, before the network has told the time
    again = opened(tmp_path, clock)
    again.look()
    assert again.view().fingerprint == right.fingerprint
    clock.now = now + timedelta(days=3700)  # or it says nonsense
    again.look()
    assert again.view().authority_fingerprint == authority
    assert "pichat tls renew --authority" in str(again.view().problem)
    clock.now = now
    again.look()
    assert again.view().days_left == 366
    assert again.view().problem is None


@pytest.mark.parametrize("broken", [b"", b"-----BEGIN CERTIFICATE-----\nMIIB", None])
def test_a_broken_file_is_made_again(tmp_path: Path, broken: bytes | None) -> None:
    before = opened(tmp_path, Clock()).view()
    for name in ("authority.pem", "server.pem"):
        path = tmp_path / "tls" / name
        path.write_bytes(path.read_bytes()[:300] if broken is None else broken)
    made = opened(tmp_path, Clock())
    assert made.view().authority_fingerprint != before.authority_fingerprint
    assert "trust it again" in str(made.problem)
    assert made.authority_pem() == (tmp_path / "tls" / "ca.crt").read_bytes()
    (tmp_path / "tls" / "server.pem").write_bytes(b"x")
    again = opened(tmp_path, Clock())
    assert again.view().authority_fingerprint == made.view().authority_fingerprint
    assert again.view().fingerprint != made.view().fingerprint
    assert again.problem is None


def test_a_certificate_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    clock = Clock()
    made = opened(tmp_path, clock)
    first = made.view().fingerprint
    folder = tmp_path / "tls"
    folder.rename(tmp_path / "away")
    folder.write_text("a file where the folder was")
    clock.now += timedelta(days=340)
    made.look()
    assert made.view().fingerprint == first
    assert made.problem == (
        "The certificate, which ends on 25 November 2027, cannot be renewed: File exists."
    )
    with pytest.raises(UnavailableError, match="cannot be renewed"):
        made.replace(authority=False)
    with pytest.raises(StartError, match="cannot be used: Not a directory"):
        opened(tmp_path, clock)
    folder.unlink()
    made.look()
    assert made.view().fingerprint != first
    assert made.problem is None


def test_a_name_that_the_authority_is_too_old_for_is_told(tmp_path: Path) -> None:
    opened(tmp_path, Clock())
    made = opened(tmp_path, Clock(), names=("house.example",))
    assert "house.example" not in made.view().names
    assert "will not believe house.example" in str(made.problem)
    made.replace(authority=True)
    assert "house.example" in made.view().names
    assert made.problem is None


async def test_the_board_says_how_it_is(tmp_path: Path) -> None:
    clock, bus = Clock(), Bus()
    made = opened(tmp_path, clock, names=("a.local",))
    with bus.subscribe(PartHealth) as changes:
        watching = asyncio.create_task(made.watch(Health(bus), every_s=60))
        try:
            assert (await changes.get()).status == "ok"
            before = made.view().fingerprint
            clock.now += timedelta(days=3600)
            view = await made.renew()
            assert view.fingerprint != before
            told = await asyncio.wait_for(changes.get(), 5)
            assert (told.part, told.status) == ("certificate", "degraded")
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def test_the_owners_own_is_read_again_when_it_changes(tmp_path: Path) -> None:
    clock = Clock()
    chain, key = owners(tmp_path, "house.example", NOW + timedelta(days=20))
    made = OwnersCertificate(tmp_path / "tls", chain, key, clock)
    made.open()
    first = made.view()
    assert (first.mode, first.names, first.days_left) == ("files", ("house.example",), 20)
    assert first.problem is None
    assert made.authority_pem() is None
    clock.now += timedelta(days=10)
    assert "ends on 14 December 2026: renew it" in str(made.problem)
    context = made.context
    chain.write_text("half")
    made.look()
    assert made.context is context
    assert "no certificate and key in PEM. The one before stays in use" in str(made.problem)
    owners(tmp_path, "new.example", NOW + timedelta(days=90))
    made.look()
    assert made.view().names == ("new.example",)
    assert made.problem is None
    assert made.context is not context
    key.unlink()
    made.look()
    assert "privkey.pem cannot be read: No such file" in str(made.problem)
    with pytest.raises(UnavailableError, match="stays in use"):
        made.replace(authority=False)
    with pytest.raises(UnsupportedError):
        made.replace(authority=True)


def test_an_owners_certificate_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    chain, key = owners(tmp_path, "house.example", NOW + timedelta(days=20))
    (tmp_path / "other").mkdir()
    _, other = owners(tmp_path / "other", "x.example", NOW + timedelta(days=20))
    locked = tmp_path / "locked.pem"
    secret = load_pem_private_key(key.read_bytes(), None)
    lock = BestAvailableEncryption(b"secret")
    locked.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    for used, expected in (
        (other, "does not belong to it"),
        (tmp_path / "none", "No such file or directory"),
        (chain, "no certificate and key in PEM"),
        (locked, "locked with a passphrase"),
    ):
        with pytest.raises(StartError, match=expected) as refused:
            OwnersCertificate(tmp_path / "tls", chain, used, Clock()).open()
        assert "\n" not in refused.value.sentence
        assert refused.value.sentence.endswith("It is server.tls in config.yaml.")


def test_files_that_are_not_named_are_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("server:\n  tls: {mode: files, certificate: a.pem}\n")
    with pytest.raises(ConfigError) as refused:
        load_config(path, {})
    assert refused.value.sentence == (
        f"{path}:2: server.tls: the mode `files` needs `certificate` and `key`."
    )


def test_what_is_a_name() -> None:
    assert as_name("Pi-Chat.Local.") == "pi-chat.local"
    for text in ("", "a b", "192.168.1.5", "*.example", "a..b", "-a", "x" * 64, "ä.local"):
        assert as_name(text) is None, text
    machine = Machine(Server(host="0.0.0.0", names=("[fd00::5]", "Hall.lan")), Network())
    assert ipaddress.ip_address("fd00::5") in machine.addresses()
    assert not any(each.is_unspecified for each in machine.addresses())
    assert {"hall.lan", "pichat.local", "localhost"} <= machine.names()
    machine.announced = "pichat-2"
    assert "pichat-2.local" in machine.names()
