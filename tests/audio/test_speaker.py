"""The speaker on a real sound server: what is heard, how soon it is silent, and what is counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import numpy as np
import numpy.typing as npt
import pytest

from pichat.audio.chime import CHIME_RATE_HZ, chime
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.health import Health
from tests.audio.device_parts import Part, loud_s, pieces, sine
from tests.support.pulse import (
    RECORDED_RATE_HZ,
    Pulse,
    Recording,
    in_environment,
    pulse_server,
)


@pytest.fixture(scope="module")
def pulse() -> Iterator[Pulse]:
    with pulse_server() as server, in_environment(server.environment):
        yield server


@pytest.fixture
async def speaker(pulse: Pulse) -> AsyncIterator[Speaker]:
    part = Part("speaker")
    async with PortAudio() as portaudio:
        speaker = Speaker("default", portaudio, part.health)
        async with part.served(speaker.serve):
            await part.becomes("ok")
            yield speaker


@asynccontextmanager
async def recorded(pulse: Pulse) -> AsyncIterator[Recording]:
    recording = pulse.record_speaker()
    await asyncio.to_thread(recording.wait_for, lambda sound: len(sound) > 1_000)
    yield recording
    recording.stop()


async def heard(recording: Recording, seconds: float) -> None:
    await asyncio.to_thread(recording.wait_for, lambda sound: loud_s(sound) > seconds)


async def more(recording: Recording, seconds: float) -> npt.NDArray[np.int16]:
    """What is recorded from now on for so long."""
    start = len(recording.samples())
    end = start + int(seconds * RECORDED_RATE_HZ)
    sound = await asyncio.to_thread(recording.wait_for, lambda sound: len(sound) > end)
    return sound[start:]


async def speak(speaker: Speaker, seconds: float) -> None:
    playback = speaker.begin()
    await playback.write(pieces(sine(seconds)), 48_000)
    assert await playback.finish()


async def test_a_sound_is_heard_whole_and_played_to_its_end(pulse: Pulse, speaker: Speaker) -> None:
    async with recorded(pulse) as recording:
        firsts: list[float] = []
        started_s = time.monotonic()
        playback = speaker.begin(firsts.append)
        assert await playback.write(pieces(sine(0.5, 22_050)), 22_050)
        assert playback.written_s == pytest.approx(0.5, abs=0.01)
        assert playback.heard_s < 0.2
        assert await playback.finish()
        # All of the 0.5 s has left by the time it counts as played, and it began at once.
        assert 0.45 < time.monotonic() - started_s < 0.9
        assert playback.heard_s == playback.written_s
        assert firsts[0] - started_s < 0.1
        await heard(recording, 0.45)
        assert loud_s(recording.stop()) == pytest.approx(0.5, abs=0.05)


async def test_stop_is_silent_at_once_and_stays_so(pulse: Pulse, speaker: Speaker) -> None:
    async with recorded(pulse) as recording:
        playback = speaker.begin()
        assert await playback.write(pieces(sine(2)), 48_000)
        await heard(recording, 0.4)
        speaker.stop()
        stopped_s = playback.heard_s
        assert not await playback.write(pieces(sine(1)), 48_000)
        assert not await playback.finish()
        sound = await more(recording, 0.7)
        assert np.abs(sound[int(0.2 * RECORDED_RATE_HZ) :]).max() < 10
        # 0.4 s were recorded, which is later than they were heard.
        assert 0.35 < stopped_s < 0.75
        assert playback.heard_s == stopped_s < playback.written_s


@pytest.mark.long
async def test_a_stop_while_it_writes_ends_what_is_written(pulse: Pulse, speaker: Speaker) -> None:
    playback = speaker.begin()
    writing = asyncio.create_task(playback.write(pieces(sine(8)), 48_000))  # more than fits
    async with recorded(pulse) as recording:
        await heard(recording, 0.1)
        speaker.stop()
        assert not await writing
        sound = await more(recording, 0.5)
        assert np.abs(sound[int(0.2 * RECORDED_RATE_HZ) :]).max() < 10


async def test_pause_keeps_the_rest(pulse: Pulse, speaker: Speaker) -> None:
    async with recorded(pulse) as recording:
        playback = speaker.begin()
        assert await playback.write(pieces(sine(1)), 48_000)
        await heard(recording, 0.3)
        speaker.pause()
        speaker.pause()
        sound = await more(recording, 0.6)
        assert np.abs(sound[int(0.2 * RECORDED_RATE_HZ) :]).max() < 10
        paused_s = playback.heard_s
        assert 0.3 < paused_s < 0.7
        speaker.resume()
        assert await playback.finish()
        assert playback.heard_s == playback.written_s
        await heard(recording, 0.95)
        assert loud_s(recording.stop()) == pytest.approx(1, abs=0.06)


@pytest.mark.long
async def test_a_stop_ends_a_pause(pulse: Pulse, speaker: Speaker) -> None:
    playback = speaker.begin()
    assert await playback.write(pieces(sine(1)), 48_000)
    speaker.pause()
    speaker.stop()
    assert not await playback.finish()
    after = speaker.begin()
    assert await after.write(pieces(sine(0.1)), 48_000)
    async with asyncio.timeout(3):
        assert await after.finish()


@pytest.mark.long
async def test_volume_and_no_clicks(pulse: Pulse, speaker: Speaker) -> None:
    async with recorded(pulse) as recording:
        playback = speaker.begin(volume=0.25)
        assert await playback.write(pieces(sine(1)), 48_000)
        await heard(recording, 0.2)
        speaker.pause()
        await more(recording, 0.2)
        speaker.resume()
        await more(recording, 0.1)
        speaker.stop()
        await more(recording, 0.3)
        sound = recording.stop()
    assert np.abs(sound).max() == pytest.approx(3_000, rel=0.05)
    # A cut sine would jump by up to its peak; at 440 Hz it rises by 0.17 of that in a sample.
    assert np.abs(np.diff(sound.astype(np.int32))).max() < 3_000 * 0.3


@pytest.mark.long
async def test_the_tap_gets_what_is_played_and_the_silence(pulse: Pulse) -> None:
    part, tapped = Part("speaker"), bytearray()
    formats = set()

    def played(pcm: bytes, rate_hz: int, channels: int) -> None:
        formats.add((rate_hz, channels))
        tapped.extend(pcm)

    async with PortAudio() as portaudio:
        speaker = Speaker("default", portaudio, part.health, played=played)
        async with part.served(speaker.serve):
            await part.becomes("ok")
            await speak(speaker, 0.1)  # the server's sink has woken up after that
            begin, started_s = len(tapped), time.monotonic()
            await asyncio.sleep(0.2)
            await speak(speaker, 0.3)
            took_s = time.monotonic() - started_s
            sound = np.frombuffer(bytes(tapped[begin:]), np.int16)
    assert formats == {(48_000, 1)}
    assert np.abs(sound).max() == pytest.approx(12_000, abs=5)
    assert np.count_nonzero(sound) / 48_000 == pytest.approx(0.3, abs=0.01)
    assert len(sound) / 48_000 == pytest.approx(took_s, abs=0.1)  # with no gap


@pytest.mark.long
async def test_more_than_the_queue_holds_waits(speaker: Speaker) -> None:
    playback = speaker.begin()
    started_s = time.monotonic()
    assert await playback.write(pieces(chime() * 30), CHIME_RATE_HZ)  # 3.6 s
    assert time.monotonic() - started_s > 0.3
    speaker.stop()


@pytest.mark.long
async def test_a_speaker_that_takes_nothing_is_noticed_and_comes_back(pulse: Pulse) -> None:
    part = Part("speaker")
    async with PortAudio() as portaudio:
        speaker = Speaker("default", portaudio, part.health)
        with pytest.raises(UnavailableError, match="no speaker"):
            speaker.begin()
        async with part.served(speaker.serve):
            await part.becomes("ok")
            playback = speaker.begin()
            await playback.write(pieces(sine(3)), 48_000)
            async with recorded(pulse) as recording:
                await heard(recording, 0.3)
            pulse.unplug_speaker()
            assert await part.becomes("degraded") < 2.2
            assert part.reason == "The speaker takes no sound any more."
            with pytest.raises(UnavailableError, match="lost"):
                await playback.finish()
            assert playback.heard_s < 2.9
            pulse.plug_speaker()
            assert await part.becomes("ok") < 5


async def test_no_sound_system_at_all_is_a_sentence() -> None:
    async with PortAudio() as portaudio:
        with (
            in_environment({"PULSE_SERVER": "unix:/nowhere/native"}),
            pytest.raises(UnavailableError, match=r"^(No speaker is connected|The speaker .*)\.$"),
        ):
            await Speaker("default", portaudio, Health(Bus())).serve()
