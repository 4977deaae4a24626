"""Whether a provider would answer, found out without asking it anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from pichat.bus import Bus, Subscription
from pichat.errors import UnavailableError
from pichat.events import PartHealth
from pichat.health import Health
from pichat.llm.base import Provider, TextDelta
from pichat.llm.chain import Chain
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from pichat.llm.resting import PROBE_S, Probing
from tests.llm.cloud.hurried import put_on
from tests.llm.cloud.peer import (
    HELLO,
    KEY,
    QUICK,
    Answer,
    Peer,
    cuts,
    hangs_up,
    is_no_http,
    peer_server,
    says,
    stalls,
    streams,
)
from tests.llm.cloud.wires import ANTHROPIC, GEMINI, OPENAI, WIRES, Wire

HURRIED_TIME = True

MODELS = says(200, b'{"object":"list","data":[{"id":"model-1"}],"models":[{"name":"model-1"}]}')
GARBAGE = b"\x00<garbage>" * (1024 * 1024)


@pytest.fixture(params=WIRES, ids=lambda wire: wire.kind)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


class Probed:
    """A provider whose server answers its probes as it is told."""

    def __init__(self, wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> None:
        self._peer = peer
        patience = QUICK._replace(probe_s=0.2)
        self.provider = wire.create("them", peer.config(wire.kind), http, patience)

    async def probe(self, answer: Answer) -> None:
        assert isinstance(self.provider, Probing)
        self._peer.answers.append(answer)
        await self.provider.probe()

    async def fails(self, answer: Answer) -> Exception:
        with pytest.raises((ModelFailedError, ModelRefusedError, RateLimitedError)) as caught:
            await self.probe(answer)
        assert len(self._peer.heard) == 1  # no second try
        assert "them" in caught.value.sentence
        assert KEY not in caught.value.sentence
        return caught.value


@pytest.fixture
def probed(wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> Probed:
    return Probed(wire, peer, http)


AZURE = "2024-10-21"


@pytest.mark.parametrize(
    ("wire", "path", "version", "asked", "header"),
    [
        (OPENAI, "", None, "/v1/models", ("Authorization", f"Bearer {KEY}")),
        (OPENAI, "/api/v1/", None, "/api/v1/models", ("Authorization", f"Bearer {KEY}")),
        (OPENAI, "", AZURE, f"/openai/models?api-version={AZURE}", ("api-key", KEY)),
        (OPENAI, "/openai/v1", "v1", "/openai/v1/models?api-version=v1", ("api-key", KEY)),
        (ANTHROPIC, "", None, "/v1/models?limit=1", ("x-api-key", KEY)),
        (ANTHROPIC, "/v1?a=b", None, "/v1/models?a=b&limit=1", ("x-api-key", KEY)),
        (GEMINI, "", None, "/v1beta/models?pageSize=1", ("x-goog-api-key", KEY)),
        (GEMINI, "/v1", None, "/v1/models?pageSize=1", ("x-goog-api-key", KEY)),
    ],
)
async def test_the_list_of_models_is_asked_for_with_the_key(
    wire: Wire,
    path: str,
    version: str | None,
    asked: str,
    header: tuple[str, str],
    peer: Peer,
    http: aiohttp.ClientSession,
) -> None:
    config = peer.config(wire.kind, url=peer.url + path, api_version=version, headers={"X-A": "b"})
    peer.answers.append(MODELS)
    await wire.create("them", config, http, QUICK).probe()
    [heard] = peer.heard
    assert (heard.method, heard.path, heard.body) == ("GET", asked, None)
    assert (heard.headers[header[0]], heard.headers["X-A"]) == (header[1], "b")


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_without_such_a_list_is_there(
    wire: Wire, probed: Probed, status: int
) -> None:
    await probed.probe(says(status, wire.error(status)))


@pytest.mark.parametrize(
    "answer",
    [says(200), says(200, b"[]"), says(200, b"<h1>Models</h1>", "text/html"), says(200, GARBAGE)],
    ids=["nothing", "no-models", "page", "garbage"],
)
async def test_what_it_has_does_not_matter(probed: Probed, answer: Answer) -> None:
    await probed.probe(answer)


async def test_a_long_list_is_not_read_to_its_end(probed: Probed, peer: Peer) -> None:
    await probed.probe(stalls(b'{"data":[', GARBAGE))
    await asyncio.wait_for(peer.left.wait(), 5)


@pytest.mark.parametrize("status", [302, 400, 401, 402, 403])
async def test_what_stays_refused(wire: Wire, probed: Probed, status: int) -> None:
    refusal = says(status, wire.error(status), Location="http://127.0.0.1:9/")
    assert isinstance(await probed.fails(refusal), ModelRefusedError)


async def test_too_many_questions(wire: Wire, probed: Probed) -> None:
    error = await probed.fails(says(429, wire.error(429), Retry_After="7"))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("status", [500, 502, 503, 529])
async def test_a_fault_of_the_server(wire: Wire, probed: Probed, status: int) -> None:
    assert isinstance(await probed.fails(says(status, wire.error(status))), ModelFailedError)


@pytest.mark.parametrize(
    "answer", [cuts(b'{"data":['), is_no_http, stalls()], ids=["cut", "no-http", "stall"]
)
async def test_what_may_pass(probed: Probed, answer: Answer) -> None:
    assert isinstance(await probed.fails(answer), ModelFailedError)


async def test_who_hangs_up_may_come_back(probed: Probed, peer: Peer) -> None:
    peer.answers.append(hangs_up)  # aiohttp asks again by itself, as a GET changes nothing
    with pytest.raises(ModelFailedError, match="them broke off"):
        await probed.probe(hangs_up)


async def test_a_200_that_is_an_error(wire: Wire, probed: Probed) -> None:
    assert isinstance(await probed.fails(says(200, wire.error(500))), ModelFailedError)


async def test_it_is_over_before_it_is_given_up(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    arrived, stall = asyncio.Event(), stalls()

    def answer(request: web.Request) -> Awaitable[web.StreamResponse]:
        arrived.set()
        return stall(request)

    peer.answers.append(answer)
    probing = asyncio.create_task(wire.create("them", peer.config(wire.kind), http).probe())
    await arrived.wait()
    put_on(PROBE_S - 0.5)
    with pytest.raises(ModelFailedError, match="them sends nothing any more"):
        await asyncio.wait_for(probing, 5)


async def test_a_key_is_never_logged(wire: Wire, probed: Probed) -> None:
    body = wire.error(400).replace(b"No.", f"The key {KEY} is wrong.".encode())
    with capture_logs() as logged:
        await probed.fails(says(400, body))
    assert "is wrong" in str(logged)
    assert KEY not in str(logged)


# --- in a chain ------------------------------------------------------------------------------


class Thinking:
    """A chain of one provider, tried in the background."""

    def __init__(self, provider: Provider, told: Subscription[PartHealth], health: Health) -> None:
        self.chain = Chain({"them": provider}, health)
        self._told = told

    async def ask(self) -> str:
        stream = self.chain.stream((), HELLO, may_use_cloud=True)
        async with aclosing(stream) as events:
            return "".join([each.text async for each in events if isinstance(each, TextDelta)])

    async def becomes(self) -> tuple[str, str]:
        """What the board says next."""
        async with asyncio.timeout(5):
            part = await self._told.get()
        return part.status, part.reason or ""


@asynccontextmanager
async def thinking(provider: Provider) -> AsyncIterator[Thinking]:
    bus = Bus()
    with bus.subscribe(PartHealth) as told:
        thinking = Thinking(provider, told, Health(bus))
        serving = asyncio.create_task(thinking.chain.serve())
        try:
            assert await thinking.becomes() == ("ok", "")
            yield thinking
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            assert serving.cancelled()


async def test_who_was_down_comes_back_without_being_asked(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    with socket.socket() as nobody:  # has the port and does not listen
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        config = peer.config(wire.kind, url=f"http://127.0.0.1:{port}")
        async with thinking(wire.create("them", config, http, QUICK)) as asked:
            for _ in range(2):
                with pytest.raises(UnavailableError):
                    await asked.ask()
            status, reason = await asked.becomes()
            assert (status, f"nobody answers at 127.0.0.1:{port}." in reason) == ("degraded", True)
            nobody.close()
            async with peer_server(port) as back:
                back.answers += [says(503, wire.error(503)), MODELS, streams(wire.answer)]
                put_on(1)
                status, reason = await asked.becomes()
                assert (status, "HTTP 503" in reason) == ("degraded", True)
                with pytest.raises(UnavailableError):
                    await asked.ask()
                put_on(2)
                assert await asked.becomes() == ("ok", "")
                assert [each.method for each in back.heard] == ["GET", "GET"]
                assert await asked.ask() == "Hello, wörld"
