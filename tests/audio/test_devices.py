"""The microphone, and PortAudio itself, on a real sound server with virtual devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from pichat.audio.base import Frame
from pichat.audio.cards import Kind
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.microphone import Microphone
from pichat.audio.portaudio import OpenStream, PortAudio, Wish
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.errors import UnavailableError
from pichat.health import Health
from tests.audio.device_parts import Frames, Part, pieces, strength, tone
from tests.audio.echo_room import level_db, speech_probability
from tests.support.pulse import Pulse, in_environment, pulse_server
from tests.support.speech import espoken


@pytest.fixture(scope="module")
def pulse() -> Iterator[Pulse]:
    with pulse_server() as server, in_environment(server.environment):
        yield server


@pytest.fixture
async def portaudio() -> AsyncIterator[PortAudio]:
    owner = PortAudio()
    yield owner
    await owner.close()


async def test_microphone_dies_and_is_taken_up_again(
    pulse: Pulse, portaudio: PortAudio, tmp_path: Path
) -> None:
    part, frames = Part("microphone"), Frames()
    microphone = Microphone("default", portaudio, part.health)
    async with part.served(lambda: microphone.serve(frames)):
        await part.becomes("ok")
        pulse.unplug_microphone()
        assert await part.becomes("degraded") < 2.2
        assert part.reason == "No sound arrives from the microphone."
        pulse.plug_microphone()
        assert await part.becomes("ok") < 5
        pulse.play_into_microphone(tone(tmp_path / "tone.wav", 2), wait=False)
        assert await frames.loudest(5_000) < 20_000


async def test_only_zeros_are_told_and_the_first_sound_heals(
    pulse: Pulse, portaudio: PortAudio
) -> None:
    part, frames = Part("microphone"), Frames()
    microphone = Microphone("default", portaudio, part.health)
    async with part.served(lambda: microphone.serve(frames)):
        await part.becomes("ok")
        pulse.mute_microphone()
        assert 1.5 < await part.becomes("degraded") < 2.4
        assert part.reason == (
            "The microphone gives only silence: it is muted, or something else has it."
        )
        assert not (await frames.seconds(0.1)).any()  # it stays open
        pulse.unmute_microphone()
        assert await part.becomes("ok") < 0.5
        assert np.abs(await frames.seconds(0.2)).max() < 5


@pytest.mark.long
async def test_zeros_may_be_what_a_microphone_gives_when_it_is_quiet(
    pulse: Pulse, portaudio: PortAudio
) -> None:
    part, frames = Part("microphone"), Frames()
    microphone = Microphone("default", portaudio, part.health, zeros_are_deaf=False, zeros_s=0.1)
    pulse.mute_microphone()
    async with part.served(lambda: microphone.serve(frames)):
        await part.becomes("ok")
        await frames.seconds(0.8)
        assert part.health.parts()["microphone"].status == "ok"
    pulse.unmute_microphone()


class CdPortAudio(PortAudio):
    """As if the devices of some kinds could do nothing but 44.1 kHz in stereo."""

    def __init__(self, *kinds: Kind) -> None:
        super().__init__()
        self._kinds = kinds

    def _start(
        self, library: ModuleType, wish: Wish, loop: asyncio.AbstractEventLoop
    ) -> OpenStream | None:
        if wish.kind in self._kinds:
            wish = CdWish(wish.kind, wish.device, wish.rates_hz, wish.latency_s, wish.call)
        return super()._start(library, wish, loop)


class CdWish(Wish):
    def formats(self) -> list[tuple[int, int]]:
        return [(2, 44_100)]


async def test_a_stereo_microphone_of_44100_hz(pulse: Pulse, tmp_path: Path) -> None:
    part, frames = Part("microphone"), Frames()
    async with CdPortAudio("microphone") as portaudio:
        microphone = Microphone("default", portaudio, part.health)
        async with part.served(lambda: microphone.serve(frames)):
            await part.becomes("ok")
            pulse.play_into_microphone(tone(tmp_path / "tone.wav", 2.5), wait=False)
            await frames.loudest(5_000)
            sound = await frames.seconds(1)
            assert strength(sound, 440) == pytest.approx(12_000, rel=0.1)
            # Nothing but the tone: its power is that of its peak.
            power = np.mean(sound[:16_000].astype(float) ** 2)
            assert power == pytest.approx(12_000**2 / 2, rel=0.2)


@pytest.mark.long
@pytest.mark.parametrize("kinds", [(), ("speaker",)])
async def test_the_echo_of_a_real_stream_is_cancelled(
    pulse: Pulse, kinds: tuple[Kind, ...]
) -> None:
    """Speaker → room → microphone → canceller, with the server's own delays and jitter."""
    ear, mouth, frames = Part("microphone"), Part("speaker"), Frames()
    canceller, raw, cleaned = WebRtcEchoCanceller(), bytearray(), bytearray()

    def deliver(frame: Frame) -> None:
        raw.extend(frame.pcm)
        cleaned.extend(canceller.clean(frame.pcm))
        frames(frame)

    async with CdPortAudio(*kinds) as owner:
        speaker = Speaker("default", owner, mouth.health, played=canceller.played)
        microphone = Microphone("default", owner, ear.health)
        async with ear.served(lambda: microphone.serve(deliver)), mouth.served(speaker.serve):
            await asyncio.gather(ear.becomes("ok"), mouth.becomes("ok"))
            with pulse.echo(-6):
                await frames.seconds(6)  # until both are in step after that
                begin = len(raw)
                playback = speaker.begin()
                await playback.write(pieces(espoken("The kitchen light is on.")), 16_000)
                await playback.finish()
                await frames.seconds(0.3)
    assert level_db(bytes(raw[begin:])) > -40
    assert level_db(bytes(raw[begin:])) - level_db(bytes(cleaned[begin:])) > 30
    assert (speech_probability(bytes(cleaned[begin:])) > 0.5).mean() <= 0.02


@pytest.mark.long
async def test_both_devices_come_back_together(pulse: Pulse, portaudio: PortAudio) -> None:
    ear, mouth, frames = Part("microphone"), Part("speaker"), Frames()
    microphone = Microphone("default", portaudio, ear.health)
    speaker = Speaker("default", portaudio, mouth.health)
    async with ear.served(lambda: microphone.serve(frames)), mouth.served(speaker.serve):
        await asyncio.gather(ear.becomes("ok"), mouth.becomes("ok"))
        playback = speaker.begin()
        await playback.write(pieces(bytes(48_000 * 2)), 48_000)
        pulse.stop()
        with pytest.raises(UnavailableError):
            await playback.finish()
        await asyncio.gather(ear.becomes("degraded"), mouth.becomes("degraded"))
        pulse.start()
        await asyncio.gather(ear.becomes("ok"), mouth.becomes("ok"))
        assert await frames.loudest(-1) >= 0


async def test_an_unknown_device_names_those_that_are_there(
    pulse: Pulse, portaudio: PortAudio
) -> None:
    microphone = Microphone("studio", portaudio, Health(Bus()))
    with pytest.raises(UnavailableError, match="No microphone is called “studio”; there is"):
        await microphone.serve(Frames())


@pytest.mark.long
async def test_the_sound_server_when_it_is_asked_for(pulse: Pulse) -> None:
    async with PortAudio("pulse") as owner:
        part, frames = Part("microphone"), Frames()
        microphone = Microphone("default", owner, part.health)
        async with part.served(lambda: microphone.serve(frames)):
            await part.becomes("ok")
            assert microphone.opened == "pulse"


async def test_a_hanging_sound_system_is_reported_and_does_not_block() -> None:
    owner = PortAudio(deadline_s=0.05)
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang() -> None:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result()

    with pytest.raises(UnavailableError, match="did not answer in time"):
        await owner._run(hang)
    with pytest.raises(UnavailableError, match="hangs"):
        await owner._run(lambda: None)
    released.set()
    assert owner._hung is not None
    await asyncio.wrap_future(owner._hung)
    await owner._run(lambda: None)
    await owner.close()
