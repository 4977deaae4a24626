"""Every provider's stream, in every form in which its bytes can arrive."""

from __future__ import annotations

import aiohttp
import pytest

from pichat.llm.base import LlmEvent
from pichat.llm.sse import EventParser, TooLongError
from tests.llm.cloud.peer import QUICK, Peer, all_of, streams
from tests.llm.cloud.wires import ASKED, WIRES, Wire, known

by_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.kind)


def read(wire: Wire, *pieces: bytes) -> list[LlmEvent]:
    reader, parser = wire.reader(ASKED), EventParser()
    events = [
        event for piece in pieces for data in parser.feed(piece) for event in reader.read(data)
    ]
    ended = reader.ended()
    assert not parser.unfinished
    assert ended is not None
    return known([*events, ended])


@by_wire
async def test_an_answer_is_read(wire: Wire, peer: Peer, http: aiohttp.ClientSession) -> None:
    provider = wire.create("them", peer.config(wire.kind), http, QUICK)
    peer.answers.append(streams(wire.answer))
    assert known(await all_of(provider)) == wire.means


@by_wire
async def test_bytes_that_arrive_one_by_one(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    provider = wire.create("them", peer.config(wire.kind), http, QUICK)
    peer.answers.append(streams(*(wire.answer[at : at + 1] for at in range(len(wire.answer)))))
    assert known(await all_of(provider)) == wire.means


@by_wire
def test_an_answer_split_anywhere(wire: Wire) -> None:
    for at in range(len(wire.answer) + 1):
        assert read(wire, wire.answer[:at], wire.answer[at:]) == wire.means


@by_wire
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_lines_of_every_kind_split_around_their_ends(wire: Wire, ending: bytes) -> None:
    lines = wire.answer.replace(b"\r\n", b"\n").split(b"\n")
    answer = b"\xef\xbb\xbf" + ending.join(lines)
    ends = [at for at in range(len(answer)) if answer[at : at + 1] in b"\r\n\xef\xbb\xbf"]
    for at in ends:
        assert read(wire, answer[:at], answer[at : at + 1], answer[at + 1 :]) == wire.means


@by_wire
def test_an_answer_cut_anywhere_is_not_over_before_its_reason(wire: Wire) -> None:
    over = [at for at in range(len(wire.answer) + 1) if is_over(wire, wire.answer[:at])]
    assert over[-1] == len(wire.answer)
    assert wire.reason in wire.answer[: over[0]]


def is_over(wire: Wire, beginning: bytes) -> bool:
    reader, parser = wire.reader(ASKED), EventParser()
    for data in parser.feed(beginning):
        list(reader.read(data))
    return reader.ended() is not None and (reader.done or not parser.unfinished)


@by_wire
async def test_a_connection_serves_again(
    wire: Wire, peer: Peer, http: aiohttp.ClientSession
) -> None:
    provider = wire.create("them", peer.config(wire.kind), http, QUICK)
    for _ in range(3):
        peer.answers.append(streams(wire.answer))
        await all_of(provider)
    assert len({heard.port for heard in peer.heard}) == 1


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_lines_of_data_split_anywhere(ending: bytes, bom: bytes) -> None:
    lines = (
        b"data: one",
        b"data: two",
        b"",
        b"data: three",
        b": wait",
        b"",
        b"data: four",
        b"",
        b"",
    )
    text = bom + ending.join(lines)
    for at in range(len(text) + 1):
        for until in range(at, len(text) + 1):
            parser = EventParser()
            pieces = (text[:at], text[at:until], text[until:])
            found = [data for piece in pieces for data in parser.feed(piece)]
            assert found == [b"one\ntwo", b"three", b"four"]
            assert not parser.unfinished


def test_an_event_has_lines_of_data() -> None:
    parser = EventParser()
    text = b"event: x\nid: 7\ndata: one\ndata:two\ndata\nretry: 5\n\n: only a comment\n\nid: 8\n\n"
    assert parser.feed(text) == [b"one\ntwo\n"]
    assert not parser.unfinished
    assert parser.feed(b"data: three\n") == []
    assert parser.unfinished


@pytest.mark.parametrize("garbage", [b"x", b"x\n", b"x\n\n", b": x\n\n", b"\n"])
def test_garbage_is_not_read_for_ever(garbage: bytes) -> None:
    parser = EventParser(most_silent_bytes=100_000)
    with pytest.raises(TooLongError):
        for _ in range(20):
            parser.feed(garbage * (10_000 // len(garbage)))


def test_what_is_long_but_sends_events_is_read() -> None:
    parser = EventParser(most_silent_bytes=1000)
    assert sum(len(parser.feed(b": wait\n\ndata: x\n\n")) for _ in range(1000)) == 1000
