"""Speech: what makes text of it and it of text, and the voice loop between microphone and
speaker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from msgspec import structs

from pichat.app.parts import Parts
from pichat.audio.base import EchoCanceller
from pichat.audio.echo import WebRtcEchoCanceller
from pichat.audio.echo_path import EchoPath
from pichat.audio.microphone import Microphone
from pichat.audio.portaudio import PortAudio
from pichat.audio.speaker import Speaker
from pichat.config.types import Style, Voice
from pichat.intents.understand import Intents
from pichat.models.shelf import resolve
from pichat.store.settings import Settings
from pichat.stt.apart import PhrasesApart
from pichat.stt.transcriber import Transcriber
from pichat.stt.whisper import Whisper
from pichat.tts.base import Synthesiser
from pichat.tts.registry import choose, missing
from pichat.turn.clips import Clips
from pichat.turn.configured import DEFAULT
from pichat.turn.floor import Floor
from pichat.turn.keeping import Keeping
from pichat.turn.kept import KeptSound
from pichat.turn.listener import Engines, Listener
from pichat.turn.persona import Persona
from pichat.turn.profiles import Profiles
from pichat.turn.reply import Replier
from pichat.turn.rules import Rules
from pichat.turn.runs import Runs
from pichat.turn.silent import SilentVoice
from pichat.turn.station import Common
from pichat.turn.turns import Turns
from pichat.turn.voice import Listeners, VoiceLoop
from pichat.vad.base import load_voice_activity
from pichat.wake.base import load_wake_words

STOP_PHRASES = ("stop", "never mind", "be quiet", "cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """The engines of speech that are shared."""

    synthesiser: Synthesiser
    transcriber: Transcriber | None
    replier: Replier
    clips: Clips


async def start_speech(parts: Parts, turns: Turns, profiles: Profiles) -> Speech:
    """With or without a voice loop."""
    config, language = parts.config.voice, parts.config.language
    transcriber: Transcriber | None = None
    if config.whisper_model is not None:
        folder = resolve(config.whisper_model, "whisper", parts.state_dir)
        whisper = Whisper(folder, parts.health, idle_s=config.whisper_idle_s)
        transcriber = await parts.steps.start("whisper", whisper)
    synthesiser = _synthesiser(parts, profiles)
    return Speech(
        synthesiser=synthesiser,
        transcriber=transcriber,
        replier=Replier(turns, transcriber, parts.bus, language),
        clips=Clips(turns, synthesiser, transcriber, language, learns=config.enabled),
    )


def _synthesiser(parts: Parts, profiles: Profiles) -> Synthesiser:
    engine = parts.config.voice.tts
    styles = {name: style_of(parts, profiles, name) for name in profiles.names()}
    lacks = filter(None, (missing(engine, style.piper_voice) for style in styles.values()))
    reason = next(lacks, None)
    parts.health.set("speech", "degraded" if reason else "ok", reason)
    synthesiser = choose(engine, parts.health)
    if parts.config.voice.enabled:
        first = styles.get(profiles.active, styles[DEFAULT])
        parts.steps.run("voice ready", synthesiser.serve(parts.config.language, first))
    return synthesiser


def style_of(parts: Parts, profiles: Profiles, name: str) -> Style:
    """How a profile sounds, its Piper voice found where it was installed."""
    style = profiles.get(name).style
    if style.piper_voice is None:
        return style
    voice = resolve(style.piper_voice, "piper-voice", parts.state_dir)
    return structs.replace(style, piper_voice=voice)


async def build_voice(
    parts: Parts,
    speech: Speech,
    intents: Intents,
    profiles: Profiles,
    runs: Runs,
    settings: Settings,
) -> VoiceLoop | SilentVoice:
    """`intents`: those of the house's language, by which the ear knows when a command is whole."""
    config = parts.config.voice
    if not config.enabled:
        return SilentVoice()
    portaudio = await parts.steps.start("portaudio", PortAudio(config.sound_system))
    echo = EchoPath(WebRtcEchoCanceller)

    def called(word: str) -> Persona:
        name = profiles.called_by(word)
        return Persona(name, style_of(parts, profiles, name), profiles.get(name).language)

    common = Common(
        config=config,
        replier=speech.replier,
        synthesiser=speech.synthesiser,
        bus=parts.bus,
        health=parts.health,
        floor=Floor(),
        keep=_keeping(parts, runs),
        called=called,
        language=parts.config.language,
    )
    listener = partial(
        _listener, config, intents, understands_anything=speech.transcriber is not None
    )
    local = partial(listener, echo.build if config.echo_cancellation else None, by_word=True)

    def screen(by_word: bool, cancels_echo: bool) -> Listener:
        return listener(None, by_word=by_word, cancels_echo=cancels_echo)

    return VoiceLoop(
        common,
        Listeners(local=local, screen=screen),
        Microphone(
            config.microphone, portaudio, parts.health, zeros_are_deaf=config.zeros_are_deaf
        ),
        Speaker(config.speaker, portaudio, parts.health, played=echo.played),
        muted=await settings.muted(),
        remember_muted=settings.save_muted,
    )


def _keeping(parts: Parts, runs: Runs) -> Keeping:
    kept = parts.config.voice.keep_audio
    wakes = None
    if "wakes" in kept:
        wakes = KeptSound(parts.state_dir / "wakes")
        parts.steps.run("kept sound", wakes.serve())
    return Keeping(runs if "runs" in kept else None, wakes)


def _listener(
    config: Voice,
    intents: Intents,
    build_canceller: Callable[[], EchoCanceller | None] | None,
    *,
    by_word: bool,
    cancels_echo: bool = False,
    understands_anything: bool,
) -> Listener:
    """Runs on a listening thread: engines take their time to load. `cancels_echo`: whoever sends
    the sound does so."""
    words = None
    if by_word:
        words = load_wake_words(config.wake_engine, config.words, config.wake_models)
    canceller = build_canceller() if build_canceller else None
    rules = Rules.of(
        config,
        barge_in=config.barge_in == "speech" and (cancels_echo or canceller is not None),
        understands_anything=understands_anything,
    )
    engines = Engines(
        wake_words=words,
        voice_activity=load_voice_activity("silero"),
        judge=intents.judge,
        stop_phrases=PhrasesApart(STOP_PHRASES),
        canceller=canceller,
    )
    return Listener(rules, engines)
