"""The loop with real devices, engines and speech; only recognition and the turn are scripted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from pichat.audio.microphone import Microphone
from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.bus import Bus
from pichat.config.types import Voice, WakeWord
from pichat.events import VoiceChanged, VoiceHeard
from pichat.health import Health
from pichat.intents.complete import Completeness
from pichat.tts.registry import choose
from pichat.turn.floor import Floor
from pichat.turn.listener import Engines, Listener
from pichat.turn.persona import Persona
from pichat.turn.reply import Replier
from pichat.turn.rules import Rules
from pichat.turn.station import Common
from pichat.turn.voice import Listeners, VoiceLoop
from pichat.vad.base import load_voice_activity
from pichat.wake.base import load_wake_words
from tests.support.pulse import RECORDED_RATE_HZ, Recording, in_environment, pulse_server
from tests.support.recogniser import KeptRecogniser
from tests.support.speech import command, silence
from tests.support.wav import write_wav
from tests.turn.script import TEXTS
from tests.turn.voice_parts import ScriptedTurns

SAID = TEXTS["c"]
ANSWER = "The kitchen light is on."


def _listener() -> Listener:
    words = load_wake_words("both", [WakeWord(word="hey_jarvis")], None)
    engines = Engines(
        wake_words=words,
        voice_activity=load_voice_activity("silero"),
        judge=lambda text: Completeness.UNKNOWN,
    )
    return Listener(Rules(), engines)


def _voice_loop(turns: ScriptedTurns, bus: Bus, health: Health, portaudio: PortAudio) -> VoiceLoop:
    async def remember(muted: bool) -> None:
        pass

    common = Common(
        config=Voice(),
        replier=Replier(turns, None, bus, "en"),
        synthesiser=choose("auto", None),
        bus=bus,
        health=health,
        floor=Floor(),
        keep=lambda turn_id, event: None,
        called=lambda _: Persona(),
    )
    return VoiceLoop(
        common,
        Listeners(local=_listener, screen=lambda wake_word, cancels_echo: _listener()),
        Microphone("default", portaudio, health),
        Speaker("default", portaudio, health),
        remember_muted=remember,
    )


def _heard_s(recording: Recording) -> float:
    """How long the speaker was loud, in pieces of 20 ms."""
    sound = recording.samples().astype(np.float64)
    pieces = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    return float((np.sqrt((pieces**2).mean(axis=1)) > 300).sum() * 320 / RECORDED_RATE_HZ)


@pytest.mark.long
async def test_it_is_spoken_to_and_answers(tmp_path: Path) -> None:
    with pulse_server() as pulse, in_environment(pulse.environment):
        bus, portaudio = Bus(), PortAudio()
        health = Health(bus)
        turns = ScriptedTurns(ANSWER)
        recogniser = KeptRecogniser(SAID)
        loop = _voice_loop(turns, bus, health, portaudio)
        loop.set_recogniser(lambda: recogniser)
        with bus.subscribe(VoiceChanged, VoiceHeard) as events:
            running = asyncio.create_task(loop.run())
            async with asyncio.timeout(15):
                while loop.state.state != "listening":
                    await events.get()
            recording = pulse.record_speaker()
            said = command(SAID) + silence(1)
            file = write_wav(tmp_path / "said.wav", said, SAMPLE_RATE_HZ)
            pulse.play_into_microphone(file, wait=False)
            milestones: dict[str, float] = {}
            async with asyncio.timeout(15):
                while "spoken" not in milestones:
                    event = await events.get()
                    if isinstance(event, VoiceHeard):
                        milestones[event.what] = event.at_s
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await portaudio.close()
        assert list(milestones) == ["wake", "speech_start", "speech_end", "first_audio", "spoken"]
        assert len(turns.asked) == 1
        assert len(recogniser.heard[0]) / 2 / SAMPLE_RATE_HZ > 1
        assert milestones["spoken"] - milestones["first_audio"] == pytest.approx(1.4, abs=0.6)
        assert 0.4 < milestones["first_audio"] - milestones["speech_end"] < 0.9
        assert _heard_s(recording) > 0.9  # the chime and the answer
        recording.stop()
