"""ASH against bellows' own frames, and its behaviour on a bad line."""

from __future__ import annotations

import asyncio

import bellows.ash as theirs
import pytest

from pichat.simulator.wire import ash, ash_frames
from pichat.simulator.wire.ash import AckTimeouts, AshLink, LinkState
from pichat.simulator.wire.ash_frames import Deframer, Kind

RST = b"\x1a" * 32 + ash_frames.rst_frame()
PAYLOADS = [b"", b"\x00", bytes(range(64)), b"\x7e\x7d\x11\x13\x18\x1a" * 5, b"\xff" * 128]


class Line:
    """A link with its host end: what the stick wrote, as frames, and what it received."""

    def __init__(self, timeouts: AckTimeouts = AckTimeouts()) -> None:  # noqa: B008 - frozen
        self.received: list[bytes] = []
        self.resets = 0
        self.wrote = asyncio.Event()
        self._wire = bytearray()
        self.link = AshLink(self._write, self._receive, self._reset, timeouts)

    def _write(self, data: bytes) -> None:
        self._wire += data
        self.wrote.set()

    def _receive(self, frame: bytes) -> None:
        self.received.append(frame)

    def _reset(self) -> None:
        self.resets += 1

    def connect(self) -> Line:
        self.link.feed(RST)
        self.written()
        return self

    def written(self) -> list[ash_frames.Frame]:
        frames = list(Deframer().feed(bytes(self._wire)))
        self._wire.clear()
        return frames

    def raw(self) -> bytes:
        taken = bytes(self._wire)
        self._wire.clear()
        return taken

    def host(self, number: int, payload: bytes, *, ack: int = 0, again: bool = False) -> None:
        self.link.feed(ash_frames.data_frame(number, ack, payload, retransmitted=again))


def kinds(frames: list[ash_frames.Frame]) -> list[Kind]:
    return [frame.kind for frame in frames]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_frames_are_those_of_bellows(payload: bytes) -> None:
    wire = ash_frames.data_frame(5, 3, payload, retransmitted=True)
    frame = theirs.DataFrame(frm_num=5, re_tx=True, ack_num=3, ezsp_frame=payload)
    assert wire == bytes(theirs.AshProtocol._stuff_bytes(frame.to_bytes())) + b"\x7e"
    (read,) = Deframer().feed(wire)
    assert (read.kind, read.number, read.ack_number, read.payload) == (Kind.DATA, 5, 3, payload)
    assert read.retransmitted


async def test_reset_is_answered_as_sticks_do() -> None:
    line = Line()
    line.host(0, b"too early")
    assert line.raw() == b"" and line.received == []
    line.link.feed(RST)
    assert line.raw() == bytes.fromhex("c1020b0a527e") and line.resets == 1


async def test_frames_in_pieces_and_noise() -> None:
    line = Line().connect()
    for byte in ash_frames.data_frame(0, 0, b"hello", retransmitted=False):
        line.link.feed(bytes((byte,)))
    assert line.received == [b"hello"]
    line.link.feed(b"noise\x1a")  # cancelled: silently dropped
    line.link.feed(b"line error\x18rest\x7e")  # substituted: dropped up to the flag
    line.link.feed(b"\x11\x13\x7e\x7e")
    line.host(1, b"again")
    assert line.received == [b"hello", b"again"]


async def test_corrupted_frame_is_rejected_once_and_recovers() -> None:
    line = Line().connect()
    good = ash_frames.data_frame(0, 0, b"hello", retransmitted=False)
    damaged = bytes((good[0], good[1] ^ 0x01)) + good[2:]
    line.link.feed(damaged)
    line.link.feed(damaged)
    frames = line.written()
    assert kinds(frames) == [Kind.NAK] and frames[0].ack_number == 0
    line.host(0, b"hello", again=True)
    assert line.received == [b"hello"] and kinds(line.written()) == [Kind.ACK]


async def test_out_of_sequence_and_duplicates() -> None:
    line = Line().connect()
    line.host(1, b"second first")
    assert kinds(line.written()) == [Kind.NAK] and line.received == []
    line.host(0, b"first")
    line.written()
    line.host(0, b"first", again=True)
    assert kinds(line.written()) == [Kind.ACK] and line.received == [b"first"]


async def test_an_answer_carries_the_acknowledgement() -> None:
    line = Line().connect()
    line.link._received = lambda _: line.link.send(b"answer")
    line.host(0, b"question")
    (frame,) = line.written()
    assert frame.kind is Kind.DATA and frame.ack_number == 1 and frame.payload == b"answer"


async def test_window_and_nak() -> None:
    line = Line().connect()
    for number in range(ash.WINDOW + 2):
        line.link.send(bytes((number,)))
    assert len(line.written()) == ash.WINDOW
    line.link.feed(ash_frames.ack_frame(2))
    assert [frame.payload for frame in line.written()] == [b"\x05", b"\x06"]
    line.link.feed(ash_frames.nak_frame(3))
    again = line.written()
    assert [frame.payload for frame in again] == [b"\x03", b"\x04", b"\x05", b"\x06"]
    assert all(frame.retransmitted for frame in again)


async def test_without_acknowledgement_it_repeats_and_gives_up() -> None:
    line = Line(AckTimeouts(0.01, 0.01, 0.01)).connect()
    line.link.send(b"heard?")
    async with asyncio.timeout(2):
        while line.link.state is LinkState.CONNECTED:
            line.wrote.clear()
            await line.wrote.wait()
    frames = line.written()
    assert kinds(frames) == [Kind.DATA] * ash.ACK_TIMEOUTS_MAX + [Kind.ERROR]
    line.host(0, b"still here")
    assert kinds(line.written()) == [Kind.ERROR] and line.received == []
    line.link.feed(RST)
    assert kinds(line.written()) == [Kind.RSTACK]


async def test_a_full_queue_drops_the_newest() -> None:
    line = Line().connect()
    for number in range(ash.WINDOW + ash.QUEUE_FRAMES + 3):
        line.link.send(number.to_bytes(2, "little"))
    assert line.link.counters["dropped"] == 3


async def test_numbers_wrap_around() -> None:
    line = Line().connect()
    for number in range(20):
        line.link.send(bytes((number,)))
        (frame,) = line.written()
        assert frame.number == number % 8
        line.link.feed(ash_frames.ack_frame((number + 1) % 8))
        line.host(number % 8, bytes((number,)))
        assert line.written()[-1].ack_number == (number + 1) % 8
    assert len(line.received) == 20
