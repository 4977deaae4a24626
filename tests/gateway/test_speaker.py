"""A screen as a speaker, on virtual time: how much it is sent when, and what it has heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pichat.gateway.speaker import Piece, ScreenPlayback, ScreenSpeaker, whole_samples

VIRTUAL_TIME = True
RATE_HZ = 16_000
TENTH = bytes(range(1, 129)) * 25  # of a second


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Phone:
    """What a screen got, and when."""

    def __init__(self) -> None:
        self.speaker = ScreenSpeaker()
        self.got: list[tuple[float, Piece | str]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> None:
        async for piece in self.speaker.pieces():
            await self.reads.wait()
            self.got.append((now_s(), piece))

    @property
    def seconds(self) -> float:
        """Of sound."""
        sound = [each for _, each in self.got if isinstance(each, Piece)]
        return sum(len(each.pcm) / 2 / each.sample_rate_hz for each in sound)

    @property
    def controls(self) -> list[str]:
        return [each for _, each in self.got if isinstance(each, str)]

    async def say(self, playback: ScreenPlayback, tenths: int) -> bool:
        written = await playback.write(pieces(*[TENTH] * tenths), RATE_HZ)
        return written and await playback.finish()


@asynccontextmanager
async def phone() -> AsyncIterator[Phone]:
    there = Phone()
    receiving = asyncio.create_task(there.receive())
    await asyncio.sleep(0.01)
    yield there
    receiving.cancel()
    await asyncio.gather(receiving, return_exceptions=True)


async def test_sound_goes_out_half_a_second_ahead_of_its_time() -> None:
    async with phone() as there:
        playback = there.speaker.begin()
        began_s = now_s()
        saying = asyncio.create_task(there.say(playback, 20))
        for _ in range(15):
            await asyncio.sleep(0.1)
            ahead_s = there.seconds - (now_s() - began_s)
            assert 0.39 < ahead_s < 0.61
        assert await saying
        assert now_s() - began_s == pytest.approx(2.0, abs=0.01)
        assert playback.written_s == pytest.approx(2.0)
        assert playback.heard_s == pytest.approx(2.0, abs=0.01)
        assert all(each == Piece(TENTH, RATE_HZ) for _, each in there.got)


async def test_the_first_sample_is_told_once() -> None:
    async with phone() as there:
        firsts: list[float] = []
        await asyncio.sleep(3)
        assert await there.say(there.speaker.begin(firsts.append), 3)
        assert firsts == [pytest.approx(3.01)]


async def test_a_pause_stops_the_clock_and_nothing_is_lost() -> None:
    async with phone() as there:
        playback = there.speaker.begin()
        saying = asyncio.create_task(there.say(playback, 20))
        await asyncio.sleep(1)
        there.speaker.pause()
        there.speaker.pause()
        await asyncio.sleep(60)
        assert playback.heard_s == pytest.approx(1.0, abs=0.02)
        assert there.seconds == pytest.approx(1.5, abs=0.11)
        there.speaker.resume()
        there.speaker.resume()
        began_s = now_s()
        assert await saying
        assert now_s() - began_s == pytest.approx(1.0, abs=0.02)
        assert there.controls == ["pause", "resume"]
        assert there.seconds == pytest.approx(2.0)


@pytest.mark.parametrize("paused", [False, True])
async def test_a_stop_ends_it_and_what_was_heard_is_final(paused: bool) -> None:
    async with phone() as there:
        playback = there.speaker.begin()
        saying = asyncio.create_task(there.say(playback, 20))
        await asyncio.sleep(0.7)
        if paused:
            there.speaker.pause()
            await asyncio.sleep(5)
        there.speaker.stop()
        assert not await saying
        assert there.controls[-1] == "stop"
        heard_s = playback.heard_s
        assert heard_s == pytest.approx(0.7, abs=0.02)
        await asyncio.sleep(10)
        there.speaker.stop()  # it is not its own any more
        assert playback.heard_s == heard_s
        assert not await playback.write(pieces(TENTH), RATE_HZ)
        assert await there.say(there.speaker.begin(), 3)  # and a pause is over as well


async def test_two_answers_are_counted_each_for_itself() -> None:
    async with phone() as there:
        first, second = there.speaker.begin(), there.speaker.begin()
        assert await there.say(first, 5)
        await asyncio.sleep(2)
        assert await there.say(second, 3)
        assert first.written_s == pytest.approx(0.5)
        assert second.written_s == pytest.approx(0.3)


async def test_silence_between_two_sentences_is_not_heard_of_the_second() -> None:
    async with phone() as there:
        playback = there.speaker.begin()
        assert await playback.write(pieces(TENTH), RATE_HZ)
        await asyncio.sleep(5)
        assert await playback.write(pieces(TENTH, TENTH), RATE_HZ)
        assert playback.heard_s == pytest.approx(0.1, abs=0.01)
        await asyncio.sleep(0.1)
        assert playback.heard_s == pytest.approx(0.2, abs=0.01)


async def test_a_screen_that_does_not_read_holds_up_the_answer_but_no_stop() -> None:
    async with phone() as there:
        there.reads.clear()
        short = TENTH[:64]  # two milliseconds: 64 of them are not yet half a second
        playback = there.speaker.begin()
        writing = asyncio.create_task(playback.write(pieces(*[short] * 200), RATE_HZ))
        await asyncio.sleep(30)
        assert not writing.done()
        there.speaker.stop()
        assert not await writing
        there.reads.set()
        await asyncio.sleep(1)
        # What waited in the queue is gone, and so is what waited for it. One was on its way.
        assert [each for _, each in there.got] == [Piece(short, RATE_HZ), "stop"]


async def test_what_waited_for_room_is_not_heard_before_it_is_sent() -> None:
    async with phone() as there:
        there.reads.clear()
        short = TENTH[:64]
        playback = there.speaker.begin()
        writing = asyncio.create_task(playback.write(pieces(*[short] * 70, TENTH), RATE_HZ))
        await asyncio.sleep(30)
        there.reads.set()
        assert await writing
        assert playback.written_s - playback.heard_s > 0.09


async def test_a_full_queue_drops_sound_rather_than_a_control() -> None:
    async with phone() as there:
        there.reads.clear()
        playback = there.speaker.begin()
        writing = asyncio.create_task(playback.write(pieces(*[TENTH[:64]] * 65), RATE_HZ))
        await asyncio.sleep(1)
        there.speaker.pause()
        there.reads.set()
        await asyncio.sleep(1)
        assert there.controls == ["pause"]
        there.speaker.resume()
        assert await writing


async def test_pieces_of_any_length_become_whole_samples_at_their_volume() -> None:
    sound = bytes.fromhex("e803 18fc ff7f 0080")
    assert (
        b"".join(
            [each async for each in whole_samples(pieces(sound[:1], sound[1:4], b"", sound[4:]))]
        )
        == sound
    )
    (quiet,) = [each async for each in whole_samples(pieces(sound), 0.5)]
    assert quiet == bytes.fromhex("f401 0cfe ff3f 00c0")
    assert [len(each) async for each in whole_samples(pieces(sound[:3], sound[3:]))] == [2, 6]
    async with phone() as there:
        assert await there.speaker.begin(volume=0.5).write(pieces(sound), RATE_HZ)
        await asyncio.sleep(0.1)
        assert there.got[0][1] == Piece(quiet, RATE_HZ)
