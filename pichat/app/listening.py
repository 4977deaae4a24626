"""Listening, last of all: the recogniser that knows the house's names, the controls that a hand can
touch, and the microphone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from pichat.app.house import names_of
from pichat.app.parts import Parts
from pichat.app.speech import Speech
from pichat.audio.ducking import Ducking
from pichat.controls.controls import Controls
from pichat.errors import UnavailableError
from pichat.events import Device
from pichat.intents.understand import Intents
from pichat.intents.vocabulary import LANGUAGE, extend, prepare
from pichat.stt.apart import Apart
from pichat.stt.nothing import Nothing
from pichat.turn.listener import OpenRecogniser
from pichat.turn.quiet import keep_quiet
from pichat.turn.recognition import PART as RECOGNITION
from pichat.turn.recognition import Recognition
from pichat.turn.voice import VoiceLoop
from pichat.zigbee.hub import Hub

SENTENCES = 600
"""About each device that is learnt quickly."""


def start_listening(
    parts: Parts, voice: VoiceLoop, speech: Speech, hub: Hub, intents: Intents
) -> None:
    config = parts.config

    def use(open_recogniser: OpenRecogniser) -> None:
        voice.set_recogniser(open_recogniser)
        speech.clips.set_recogniser(open_recogniser)

    opening = partial(_recogniser, parts, speech)
    hasten = partial(_quick_recogniser, parts, intents)
    recognition = Recognition(partial(names_of, hub), opening, use, parts.bus, parts.health, hasten)
    # The names are known once the radio was tried: learning them before would be for nothing.
    parts.run(RECOGNITION, recognition.serve, needs={"zigbee"})
    controls = Controls(config.controls, parts.bus, parts.health, voice)
    parts.steps.run("controls", controls.serve())
    ducking = Ducking(config.voice.duck_to, memory=parts.state_dir / "ducked.json")
    parts.steps.run("ducking", ducking.serve())
    parts.steps.run("quiet", keep_quiet(ducking, parts.bus))
    parts.steps.run("voice", voice.run())
    parts.await_ready("voice", "speaker", "microphone")


async def _recogniser(parts: Parts, speech: Speech, devices: Sequence[Device]) -> OpenRecogniser:
    """What opens a recogniser for the names of now; it was opened once, to be sure."""
    try:
        files = await prepare(parts.config.language, devices, parts.state_dir / "vocabulary")
    except UnavailableError:
        if speech.transcriber is None:
            raise
        return Nothing  # whatever is said is transcribed, in any language
    opened = partial(Apart, parts.config.voice.stt, files)
    (await asyncio.to_thread(opened)).close()
    return opened


async def _quick_recogniser(
    parts: Parts, intents: Intents, fresh: Sequence[Device]
) -> OpenRecogniser | None:
    """What opens a recogniser that knows these devices besides those before."""
    if parts.config.language != LANGUAGE:
        return None
    sentences = await asyncio.to_thread(intents.sentences, fresh, SENTENCES * len(fresh))
    files = await extend(sentences, parts.state_dir / "vocabulary")
    return None if files is None else partial(Apart, parts.config.voice.stt, files)
