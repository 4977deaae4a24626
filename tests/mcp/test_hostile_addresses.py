"""What answers at an address may be anything: its owner hears what, the one beside it hears
nothing, and nothing that comes is larger than it may be."""

import asyncio
import gc
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server

import msgspec
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pichat.errors import PiChatError
from pichat.mcp.errors import (
    RemoteRefusedError,
    ServerDownError,
    ServerLostError,
    ServerSilentError,
)
from tests.mcp.neighbours import QUICK, beside, street
from tests.mcp.servers.address import address

ONCE = msgspec.structs.replace(QUICK, first_pause_s=60.0, start_s=1.5, probe_http_s=0.3)


async def test_what_cannot_be_opened_says_why_and_what_to_do() -> None:
    async with address() as there, street(ONCE) as owner:
        for how, says in (
            ("hangs", "did not answer within 1.5 s"),
            ("401", "set its `headers`"),
            ("403", "may not do this"),
            ("404", "many have theirs at /mcp"),
            ("429", "tried again later"),
            ("502", "wrong on its side (HTTP 502)"),
            ("page", "a web page instead of MCP"),
            ("elsewhere", "It sends elsewhere, to http://127.0.0.2:9/mcp; if that is right"),
            ("bomb", "packs its answers"),
            ("rubbish", "cannot be read"),
        ):
            bad = owner.moves_in(url=f"{there.url}/{how}")
            with pytest.raises(ServerDownError, match="nothing was done") as down:
                await bad.says("hello")
            assert says in down.value.sentence, how
            assert "secret" not in down.value.sentence


async def test_nobody_there_and_no_tls() -> None:
    with closing(create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    async with address() as there, street(ONCE) as owner:
        plain = there.url.replace("http:", "https:")
        for url, says in (
            (f"http://127.0.0.1:{port}/mcp", "Nothing answers at its address."),
            (f"{plain}/well", "does not speak TLS"),
            ("http://no-such-host.invalid/mcp", "Nothing answers at its address"),
        ):
            with pytest.raises(ServerDownError) as down:
                await owner.moves_in(url=url).says("hello")
            assert says in down.value.sentence


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(serialization.Encoding.PEM, *private)
    (folder / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=self_signed(tmp_path))
    async with server, street(ONCE) as owner:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
        with pytest.raises(ServerDownError, match="certificate is not trusted"):
            await owner.moves_in(url=url).says("hello")


async def test_what_goes_wrong_with_one_call_is_told_of_that_call() -> None:
    process = psutil.Process()
    async with address() as there:
        for how, kind, says in (
            ("hangs-at-call", ServerSilentError, "may still do it"),
            ("502-at-call", ServerLostError, "is not known. Something is wrong on its side"),
            ("breaks-at-call", ServerLostError, "is not known. It ended the connection"),
            ("large-at-call", ServerLostError, "is not known. Its answer is larger than 4 MB"),
            ("large-events-at-call", ServerLostError, "is not known"),
        ):
            async with beside(url=f"{there.url}/{how}") as bad:
                before, before_kb = there.done, process.memory_info().rss // 1024
                with pytest.raises(kind) as failed:
                    await bad.says("hello")
                assert says in failed.value.sentence, how
                assert there.done - before <= 1  # never twice what may have been done
                gc.collect()
                assert process.memory_info().rss // 1024 - before_kb < 40 * 1024
        async with beside(url=f"{there.url}/events-flood-at-call", call_timeout_s=20) as flooding:
            assert await flooding.says("hello") == "hello"


async def test_one_that_was_started_anew_is_used_as_if_nothing_had_been() -> None:
    async with address() as there, beside(url=f"{there.url}/session", call_timeout_s=5) as found:
        assert await found.says("hello") == "hello"
        there.sessions.clear()
        assert await found.says("again") == "again"
        assert there.done == 2
        assert there.seen["session"].count("initialize") == 2


async def test_one_that_went_away_comes_back_by_itself() -> None:
    async with street() as owner:
        async with address() as there:
            port = int(there.url.split(":")[2].split("/")[0])
            found = owner.moves_in(url=f"{there.url}/well")
            assert await found.says("hello") == "hello"
        with pytest.raises(ServerDownError, match="Nothing answers"):
            await found.says("hello")
        await found.until(lambda: found.states[-1] == "failed")
        async with address(port) as there:
            await found.until(lambda: found.states[-1] == "ready")
            assert await found.says("hello") == "hello"
            assert there.done == 1
            there.mended = True


async def test_many_that_hang_keep_nobody_waiting() -> None:
    limits = msgspec.structs.replace(QUICK, start_s=30.0, probe_http_s=30.0)
    async with address() as there, street(limits) as owner:
        for _ in range(40):
            owner.moves_in(url=f"{there.url}/hangs")
        last = owner.moves_in(url=f"{there.url}/well")
        async with asyncio.timeout(5):
            assert await last.says("hello") == "hello"


async def test_a_refusal_is_no_done() -> None:
    async with address() as there, beside(url=f"{there.url}/well") as good:
        assert await good.says("hello") == "hello"
        with pytest.raises(PiChatError) as failed:
            await good.upstream.call("echo", {})
        assert isinstance(failed.value, RemoteRefusedError | ServerLostError)
