"""How providers fail, which is the same for all: a class of error, a sentence, and no key in it."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import aiohttp
import pytest
from structlog.testing import capture_logs

from pichat.errors import ConfigError, PiChatError
from pichat.llm.base import Ended, LlmEvent, TextDelta
from pichat.llm.errors import ModelFailedError, ModelRefusedError, RateLimitedError
from tests.llm.cloud.peer import (
    HELLO,
    KEY,
    QUICK,
    Answer,
    Peer,
    all_of,
    cuts,
    hangs_up,
    is_no_http,
    says,
    stalls,
    streams,
)
from tests.llm.cloud.wires import ANTHROPIC, OPENAI, WIRES, Wire, event, known

HELLO_TEXT = TextDelta(text="Hello")
GARBAGE = b"\x00<garbage>" * (1024 * 1024)


@pytest.fixture(params=WIRES, ids=lambda wire: wire.kind)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


class Failing:
    """A provider whose server answers as it is told. `given`: what came before it failed."""

    def __init__(self, wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> None:
        self._peer = peer
        self.provider = wire.create("them", peer.config(wire.kind), http, QUICK)
        self.given: list[LlmEvent] = []

    async def fails(self, *answers: Answer) -> PiChatError:
        self.given = []
        self._peer.heard.clear()
        self._peer.answers[:] = answers
        with pytest.raises(PiChatError) as caught:
            async for each in self.provider.stream(HELLO):
                self.given.append(each)
        assert len(self._peer.heard) == len(answers)
        sentence = caught.value.sentence
        assert "them" in sentence
        assert KEY not in sentence
        assert sentence.endswith((".", "?"))
        return caught.value


@pytest.fixture
def failing(wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> Failing:
    return Failing(wire, peer, http)


@pytest.mark.parametrize(
    ("status", "says_so"),
    [
        (400, "does not accept"),
        (401, "key"),
        (402, "credit"),
        (403, "let this key"),
        (404, "has no model model-1"),
        (413, "too long"),
        (422, "does not accept"),
        (302, "no longer"),
    ],
)
async def test_what_stays_refused(wire: Wire, failing: Failing, status: int, says_so: str) -> None:
    error = await failing.fails(says(status, wire.error(status), Location="http://127.0.0.1:9/"))
    assert isinstance(error, ModelRefusedError)
    assert says_so in error.sentence
    assert "No." not in error.sentence


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": "9", "retry_after_ms": "250"}, 0.25),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
async def test_too_many_questions(
    wire: Wire, failing: Failing, headers: dict[str, str], wait_s: float | None
) -> None:
    error = await failing.fails(says(429, wire.error(429), **headers))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == wait_s


async def test_a_pause_until_a_date(wire: Wire, failing: Failing) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    error = await failing.fails(says(429, wire.error(429), Retry_After=date))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == pytest.approx(30, abs=3)


@pytest.mark.parametrize("status", [408, 500, 503, 529])
async def test_a_fault_of_the_server(wire: Wire, failing: Failing, status: int) -> None:
    fault = says(status, wire.error(status))
    error = await failing.fails(fault, fault)
    assert isinstance(error, ModelFailedError)
    assert str(status) in error.sentence


@pytest.mark.parametrize("status", [500, 529])
async def test_a_fault_that_passes(wire: Wire, failing: Failing, peer: Peer, status: int) -> None:
    peer.answers += [says(status, wire.error(status)), streams(wire.answer)]
    assert known(await all_of(failing.provider)) == wire.means


async def test_a_fault_that_will_last_is_not_tried_again(wire: Wire, failing: Failing) -> None:
    error = await failing.fails(says(503, wire.error(503), Retry_After="120"))
    assert isinstance(error, ModelFailedError)


async def test_a_stream_cut_within_an_event(wire: Wire, failing: Failing) -> None:
    error = await failing.fails(cuts(wire.text, wire.text[:30]))
    assert isinstance(error, ModelFailedError)
    assert "broke off" in error.sentence
    assert failing.given == [HELLO_TEXT]


@pytest.mark.parametrize("rest", [b"", b"data: {", b": wait\n\n"])
async def test_a_stream_that_just_ends(wire: Wire, failing: Failing, rest: bytes) -> None:
    error = await failing.fails(streams(wire.text, rest))
    assert isinstance(error, ModelFailedError)
    assert failing.given == [HELLO_TEXT]


@pytest.mark.parametrize("first", [cuts(), cuts(b": wait\n\n"), hangs_up, streams()])
async def test_a_break_before_anything_was_said_is_mended(
    wire: Wire, failing: Failing, peer: Peer, first: Answer
) -> None:
    peer.answers += [first, streams(wire.answer)]
    assert known(await all_of(failing.provider)) == wire.means


async def test_a_stall_after_the_first_token(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    failing = Failing(wire, peer, http)
    patience = QUICK._replace(silent_s=0.1)
    failing.provider = wire.create("them", peer.config(wire.kind), http, patience)
    error = await failing.fails(stalls(wire.text))
    assert isinstance(error, ModelFailedError)
    assert "sends nothing" in error.sentence
    assert failing.given == [HELLO_TEXT]
    await asyncio.wait_for(peer.left.wait(), 5)


async def test_an_error_within_a_stream(wire: Wire, failing: Failing) -> None:
    error = await failing.fails(streams(wire.text, wire.broken, wire.text))
    assert isinstance(error, ModelFailedError)
    assert failing.given == [HELLO_TEXT]


async def test_a_200_that_is_an_error(wire: Wire, failing: Failing) -> None:
    error = await failing.fails(says(200, wire.error(500)))
    assert isinstance(error, ModelFailedError)
    assert "fault of its own" in error.sentence
    error = await failing.fails(streams(wire.broken))
    assert isinstance(error, ModelFailedError)


NONSENSE = [
    *(b"{", b"[1", b"null", b'"text"', b"{}garbage", b"\xff\xfe", b"[" * 5000),
    b'{"choices":7,"type":7,"candidates":7}',
]


@pytest.mark.parametrize("data", NONSENSE)
async def test_events_that_are_nonsense(wire: Wire, failing: Failing, data: bytes) -> None:
    error = await failing.fails(streams(wire.text, event(data)))
    assert isinstance(error, ModelFailedError)
    assert "cannot be understood" in error.sentence
    assert failing.given == [HELLO_TEXT]


@pytest.mark.parametrize(
    "answer",
    [
        streams(GARBAGE),
        streams(b"data: " + GARBAGE),
        streams(GARBAGE.replace(b">", b"\n")),
        says(200, GARBAGE),
        says(200, b"<h1>Please log in</h1>", "text/html"),
        is_no_http,
    ],
    ids=["one-line", "one-event", "lines", "json", "page", "no-http"],
)
async def test_garbage(failing: Failing, answer: Answer) -> None:
    error = await failing.fails(answer)
    assert isinstance(error, ModelFailedError)
    assert failing.given == []


async def test_a_garbage_error(failing: Failing) -> None:
    error = await failing.fails(says(400, GARBAGE))
    assert isinstance(error, ModelRefusedError)


async def test_nobody_is_there(wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> None:
    with socket.socket() as taken:  # bound, and not listening
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        config = peer.config(wire.kind, url=url)
        provider = wire.create("them", config, http, QUICK._replace(again_s=60.0))
        async with asyncio.timeout(2):  # no second try
            with pytest.raises(ModelFailedError, match=r"nobody answers at 127\.0\.0\.1"):
                await all_of(provider)


async def test_a_name_that_nobody_knows(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    provider = wire.create("them", peer.config(wire.kind, url="http://x.invalid"), http, QUICK)
    with pytest.raises(ModelFailedError, match=r"x\.invalid is not known"):
        await all_of(provider)


@pytest.mark.parametrize("url", ["ftp://x", "localhost:8080", "http://", "http://x:99999", "/v1"])
async def test_a_url_that_is_none(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession, url: str
) -> None:
    with pytest.raises(ConfigError, match=r"llm\.providers\.them\.url"):
        wire.create("them", peer.config(wire.kind, url=url), http)


async def test_closing_the_stream_hangs_up(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    provider = wire.create("them", peer.config(wire.kind), http, QUICK)
    peer.answers.append(stalls(wire.text))
    answer = provider.stream(HELLO)
    assert await anext(answer) == HELLO_TEXT
    await answer.aclose()
    await asyncio.wait_for(peer.left.wait(), 5)


@pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=lambda wire: wire.kind)
async def test_an_end_mark_is_the_end_whether_the_server_hangs_up_or_not(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    provider = wire.create("them", peer.config(wire.kind), http, QUICK._replace(silent_s=60.0))
    peer.answers.append(stalls(wire.answer))
    async with asyncio.timeout(5):
        assert isinstance((await all_of(provider))[-1], Ended)
    await asyncio.wait_for(peer.left.wait(), 5)


async def test_a_key_is_never_logged(wire: Wire, failing: Failing) -> None:
    body = wire.error(400).replace(b"No.", f"The key {KEY} is wrong.".encode())
    with capture_logs() as logged:
        await failing.fails(says(400, body))
        await failing.fails(streams(wire.broken.replace(b"erload", f"erload {KEY}".encode())))
    assert {entry["log_level"] for entry in logged} == {"debug"}
    assert "is wrong" in str(logged)
    assert KEY not in str(logged)
