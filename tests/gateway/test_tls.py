"""The real gateway over TLS: who may see what over which of the two, and what a renewal changes."""

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pichat.config.types import Limits, Server
from pichat.events import DeviceChanged
from pichat.gateway.machine import Machine
from pichat.gateway.tls.house import HouseCertificate
from tests.gateway.fakes import World, running_world
from tests.gateway.screen import DEADLINE_S, Screen, connect


@asynccontextmanager
async def secure_world(
    tmp_path: Path, **options: Any
) -> AsyncIterator[tuple[World, HouseCertificate]]:
    """A gateway with a certificate of its own authority."""
    certificate = HouseCertificate(tmp_path / "tls", Machine(Server()))
    certificate.open()
    async with running_world(certificates=certificate, **options) as world:
        yield world, certificate


def trusting(certificate: HouseCertificate) -> ssl.SSLContext:
    """A client that trusts this house's authority and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pem = certificate.authority_pem()
    assert pem is not None
    context.load_verify_locations(cadata=pem.decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def port_of(world: World) -> int:
    return int(world.url.rsplit(":", 1)[1])


async def raw(world: World, sent: bytes) -> bytes:
    """What a plain connection is answered until it is closed."""
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(world))
        writer.write(sent)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answer


async def shown(world: World, trusted: ssl.SSLContext) -> bytes:
    """The digest of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection(
        "127.0.0.1", port_of(world), ssl=trusted, server_hostname="pichat.local"
    )
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return hashlib.sha256(der).digest()


async def test_a_client_that_trusts_the_authority_gets_everything(tmp_path: Path) -> None:
    async with secure_world(tmp_path) as (world, certificate):
        assert world.url.startswith("https://127.0.0.1:")
        trusted = trusting(certificate)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{world.url}/health", ssl=trusted) as response:
                assert response.status == 200
            async with session.get(f"{world.url}/certificate", ssl=trusted) as response:
                assert response.status == 200
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(f"{world.url}/health")
            elsewhere = f"https://localhost:{port_of(world)}/health"
            async with session.get(elsewhere, ssl=trusted) as response:
                assert response.status == 200
            with pytest.raises(aiohttp.ClientConnectorCertificateError, match="mismatch"):
                await session.get(f"{world.url}/", ssl=trusted, server_hostname="other.local")
        async with connect(world.url, ssl=trusted, origin=world.url) as screen:
            await screen.still_there()
            reply = await screen.ask("get_certificate")
            seen = reply["payload"]["certificate"]
            assert seen["mode"] == "auto"
            assert seen["fingerprint"] == certificate.view().fingerprint
            assert seen["problem"] is None
            await screen.send("chat", {"text": "x" * 200_000})  # in many records
            await screen.still_there()


async def test_plain_http_is_sent_to_https_and_fetches_the_certificate(tmp_path: Path) -> None:
    async with secure_world(tmp_path) as (world, certificate), aiohttp.ClientSession() as session:
        plain = f"http://127.0.0.1:{port_of(world)}"
        for method, path in (
            ("GET", "/"), ("GET", "/health?a=b%20c"), ("POST", "/v1/chat/completions"),
            ("GET", "/static/app.js"), ("GET", "/nothing"), ("GET", "/ws/chat"),
        ):  # fmt: skip
            async with session.request(method, plain + path, allow_redirects=False) as response:
                assert response.status == 308
                assert response.headers["Location"] == f"{world.url}{path}"
        async with session.get(f"{plain}/", ssl=trusting(certificate)) as response:
            assert response.status == 200
            assert response.url.scheme == "https"
        async with connect(plain, ssl=trusting(certificate)) as screen:
            await screen.still_there()
        async with session.get(f"{plain}/ca.crt") as response:
            assert response.status == 200
            assert response.content_type == "application/x-x509-ca-cert"
            assert await response.read() == certificate.authority_pem()
        async with session.get(f"{plain}/certificate") as response:
            assert response.status == 200
            page = await response.text()
            assert "unsafe" not in response.headers["Content-Security-Policy"]
        fingerprint = (certificate.view().authority_fingerprint or "").split(":")
        for at in range(0, 32, 8):
            assert " ".join(fingerprint[at : at + 8]) in page
        assert "<script" not in page
        assert page.count(" hidden>") == 2
        for sheet in ("base", "certificate"):
            assert f"/static/style/{sheet}.css" in page
            async with session.get(f"{plain}/static/style/{sheet}.css") as response:
                assert response.status == 200
        async with session.get(f"{plain}/", headers={"Host": "evil.example"}) as response:
            assert response.status == 403


async def test_a_renewal_is_shown_to_the_next_and_leaves_who_is_there(tmp_path: Path) -> None:
    async with secure_world(tmp_path) as (world, certificate):
        trusted = trusting(certificate)
        async with connect(world.url, ssl=trusted) as screen:
            before = await shown(world, trusted)
            reply = await screen.ask("renew_certificate")
            after = await shown(world, trusted)
            assert before != after
            assert after.hex(":").upper() == reply["payload"]["certificate"]["fingerprint"]
            await screen.still_there()
            reply = await screen.ask("renew_certificate", {"authority": True})
            assert reply["status"] == "complete"
            with pytest.raises(ssl.SSLCertVerificationError):
                await shown(world, trusted)
            assert await shown(world, trusting(certificate)) != after
            await screen.still_there()


async def test_a_screen_that_does_not_read_is_let_go_over_tls_as_well(tmp_path: Path) -> None:
    async with secure_world(tmp_path) as (world, certificate):
        trusted = trusting(certificate)
        async with (
            connect(world.url, ssl=trusted) as deaf,
            connect(world.url, ssl=trusted) as other,
        ):
            await deaf.ask("subscribe", {"topics": ["devices"]})
            deaf.transport.pause_reading()
            change = DeviceChanged(device=world.house.devices()[0], changes={})
            async with asyncio.timeout(2 * DEADLINE_S):
                while len(world.gateway._sockets) > 1:
                    for _ in range(500):
                        world.bus.publish(change)
                    await other.still_there()
            deaf.transport.abort()


async def test_what_is_neither_ends_and_costs_no_one_anything(tmp_path: Path) -> None:
    async with secure_world(tmp_path, header_timeout_s=0.4) as (world, certificate):
        async with connect(world.url, ssl=trusting(certificate)) as screen:
            assert await raw(world, b"") == b""  # says nothing
            assert await raw(world, b"\x16") == b""  # begins a handshake and says nothing more
            assert (await raw(world, b"\x16\x03\x01\x00\x05HELLO"))[:1] in (b"", b"\x15")
            assert b" 400 " in (await raw(world, b"\x00\x01\x02\r\n\r\n")).splitlines()[0]
            reset = socket.create_connection(("127.0.0.1", port_of(world)))
            reset.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            reset.close()
            await screen.still_there()
        silent = [await asyncio.open_connection("127.0.0.1", port_of(world)) for _ in range(20)]
        async with connect(world.url, ssl=trusting(certificate)) as screen:
            await screen.still_there()
    for reader, writer in silent:
        assert await reader.read() == b""
        writer.close()


async def test_too_many_connections_are_refused_before_a_handshake(tmp_path: Path) -> None:
    limits = Limits(connections_per_address=1)
    async with secure_world(tmp_path, trust_loopback=False, limits=limits) as (world, _):
        opened = [await asyncio.open_connection("127.0.0.1", port_of(world)) for _ in range(12)]
        refused = 0
        for reader, writer in opened[9:]:
            async with asyncio.timeout(DEADLINE_S):
                try:
                    refused += await reader.read() == b""
                except ConnectionResetError:
                    refused += 1
            writer.close()
        for _, writer in opened[:9]:
            writer.close()
        assert refused == 3


async def test_without_tls_there_is_nothing_to_trust(world: World, screen: Screen) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{world.url}/ca.crt") as response:
            assert response.status == 404
            assert "server.tls.mode to auto" in (await response.json())["error"]
        async with session.get(f"{world.url}/certificate") as response:
            page = await response.text()
            assert response.status == 200
            assert "HTTPS is off" in page
    assert (await screen.ask("get_certificate"))["payload"]["certificate"]["mode"] == "off"
    reply = await screen.ask("renew_certificate")
    assert reply["payload"]["code"] == "unavailable"
