"""Speech over the connection: a screen as microphone and speaker, and whole clips."""

import asyncio
import base64
import binascii
import uuid
from typing import Annotated, Literal

import msgspec

from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.config.types import Style
from pichat.errors import BadRequestError, BusyError, NotAllowedError, UnsupportedError
from pichat.gateway.context import Context
from pichat.gateway.people import source_of
from pichat.gateway.registry import action
from pichat.gateway.sound import IncomingSound
from pichat.gateway.speaker import Control, Piece, ScreenSpeaker, whole_samples
from pichat.gateway.voice_names import read_voice
from pichat.tools.questions import PEOPLE

_LONGEST_CLIP_S = 30
Room = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Base64 = Annotated[str, msgspec.Meta(min_length=4)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class ListenStart(msgspec.Struct, frozen=True, kw_only=True):
    """int16 little-endian samples; the client converts, other rates are refused.

    `station`: `screen` has ears of its own, and the answer's sound comes back on this connection;
    `local` is heard as if the microphone of the house had heard it, and answered there. For a
    screen: without `wake_word` the command begins at once; `area` is the room that it is in;
    `cancels_echo`: it takes its own sound out, so that one can speak into an answer; with `binary`
    the answer's sound follows each chunk as a binary frame.
    """

    sample_rate_hz: int = SAMPLE_RATE_HZ
    channels: int = 1
    station: Literal["screen", "local"] = "screen"
    wake_word: bool = False
    area: Room | None = None
    cancels_echo: bool = True
    binary: bool = False


class Listened(msgspec.Struct, frozen=True, kw_only=True):
    """How much sound came in."""

    seconds: float


class ListenAudio(msgspec.Struct, frozen=True, kw_only=True):
    """Base64 of int16 samples, at most 64 KiB of them."""

    data: str


class ListenStop(msgspec.Struct, frozen=True, kw_only=True):
    pass


class SpeechToText(msgspec.Struct, frozen=True, kw_only=True):
    """`data`, which may also be called `audio_data`: base64 of a WAV file of any rate, at most 30 s
    long and 3 MB large."""

    data: Base64 | None = None
    audio_data: Base64 | None = None


class SpokenText(msgspec.Struct, frozen=True, kw_only=True):
    """`engine`: `home` for the home's own recogniser, `model`, or empty when nobody could make
    anything out. `command`: whether it is a command for this house."""

    text: str
    engine: str
    command: bool


class TextToSpeech(msgspec.Struct, frozen=True, kw_only=True):
    """`voice_accent` is a word such as british or polish; `rate` and `volume` are factors."""

    text: Text
    language: Word | None = None
    voice_gender: Literal["female", "male"] | None = None
    voice_accent: Word | None = None
    rate: Annotated[float, msgspec.Meta(ge=0.5, le=2)] = 1.0
    volume: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    binary: bool = False


class AudioStream(msgspec.Struct, frozen=True, kw_only=True):
    """`voice`: a language, a region or an accent, and a gender, such as `en-US-male`, `polish` or
    `female`; without one, the house's own."""

    text: Text
    voice: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    binary: bool = False


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """How much sound was sent."""

    seconds: float


@action(
    "listen_start",
    needs="guest",
    example={"sample_rate_hz": 16000, "channels": 1, "station": "screen"},
)
async def listen_start(context: Context, payload: ListenStart) -> Listened:
    """Begin to send sound. Replies `processing` (metadata: `station`, the name in the events) when
    it may come, as binary frames or with `listen_audio`, and is complete when all of it has been
    listened to and answered after `listen_stop`. What was heard and done arrives as events. The
    answer comes as chunks of type `audio`; a chunk without data tells with `metadata.control` to
    `stop` (drop), `pause` or `resume` what has not been played yet. A client that sends faster
    than it is listened to is slowed down. Unavailable when there is no voice loop, busy when
    someone else is listened to."""
    if payload.sample_rate_hz != SAMPLE_RATE_HZ or payload.channels != 1:
        raise UnsupportedError(
            f"Sound has to be {SAMPLE_RATE_HZ} Hz with one channel, not {payload.sample_rate_hz} Hz"
            f" with {payload.channels}; convert it before sending."
        )
    if context.client.sound is not None:
        raise BusyError("This connection is listened to already.")
    sound = context.client.sound = IncomingSound()
    try:
        if payload.station == "local":
            if source_of(context.services, context.caller) not in PEOPLE:
                raise NotAllowedError("Only a screen of the house is heard as the house is.")
            await _processing(context, "local")
            await context.services.voice.hear(sound.frames())
        else:
            await _listen_to_screen(context, payload, sound)
    finally:
        sound.close()
        context.client.sound = None
    return Listened(seconds=round(sound.seconds, 3))


async def _listen_to_screen(context: Context, payload: ListenStart, sound: IncomingSound) -> None:
    speaker = ScreenSpeaker()
    name = f"screen-{uuid.uuid4().hex[:8]}"
    sending = asyncio.create_task(_send_answers(context, speaker, binary=payload.binary))
    try:
        async with context.services.voice.screen(
            name,
            speaker,
            area=payload.area,
            wake_word=payload.wake_word,
            cancels_echo=payload.cancels_echo,
            user_id=context.caller.user_id,
            source=source_of(context.services, context.caller, "voice"),
        ) as station:
            await _processing(context, name)
            await station.hear(sound.frames(), None)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _processing(context: Context, station: str) -> None:
    await context.processing({"sample_rate_hz": SAMPLE_RATE_HZ, "channels": 1, "station": station})


async def _send_answers(context: Context, speaker: ScreenSpeaker, *, binary: bool) -> None:
    async for piece in speaker.pieces():
        await _send(context, piece, binary=binary)


async def _send(context: Context, piece: Piece | Control, *, binary: bool) -> None:
    if isinstance(piece, str):
        await context.chunk("audio", None, {"control": piece})
        return
    form = {"format": "pcm_s16le", "sample_rate_hz": piece.sample_rate_hz, "channels": 1}
    if binary:
        await context.binary_chunk("audio", piece.pcm, form)
    else:
        await context.chunk("audio", base64.b64encode(piece.pcm).decode(), form)


@action("listen_audio", needs="guest", example={"data": "AAAAAA=="})
async def listen_audio(context: Context, payload: ListenAudio) -> Listened:
    """Send a piece of sound; complete once it has been taken in."""
    sound = _listening(context)
    await sound.put(_decoded("listen_audio", payload.data))
    return Listened(seconds=round(sound.seconds, 3))


@action("listen_stop", needs="guest")
async def listen_stop(context: Context, payload: ListenStop) -> Listened:  # noqa: ARG001
    """No more sound will come. Complete when the rest has been listened to, as is then the
    `listen_start`."""
    sound = _listening(context)
    await sound.end()
    await sound.listened()
    return Listened(seconds=round(sound.seconds, 3))


@action(
    "speech_to_text",
    needs="guest",
    example={"data": "UklGRiQAAABXQVZFZm10IBAAAAABAAEA…"},
    takes_clips=True,
)
async def speech_to_text(context: Context, payload: SpeechToText) -> SpokenText:
    """What is said in a recording. Nothing is done about it."""
    from pichat.audio.wav import read_wav  # brings numpy, which not every daemon needs

    data = payload.data or payload.audio_data
    if data is None:
        raise BadRequestError("“speech_to_text” lacks the field “data”.")
    wav = _decoded("speech_to_text", data)
    pcm = await asyncio.to_thread(read_wav, wav, longest_s=_LONGEST_CLIP_S)
    written = await context.services.clips.to_text(pcm)
    return SpokenText(text=written.text, engine=written.engine, command=written.command)


@action(
    "text_to_speech",
    needs="guest",
    example={"text": "Good morning.", "voice_gender": "female", "voice_accent": "british"},
)
async def text_to_speech(context: Context, payload: TextToSpeech) -> Spoken:
    """Say a text: chunks of type `audio` as it is being made, faster than it is spoken. What the
    request does not say of the voice is as the person's settings have it."""
    preferred = context.services.users.get(context.caller.user_id).settings
    style = Style(
        gender=payload.voice_gender or preferred.voice_settings.gender,
        accent=payload.voice_accent or preferred.voice_settings.accent,
        rate=payload.rate,
        volume=payload.volume,
    )
    language = payload.language or preferred.language
    return await say(context, payload.text, language, style, binary=payload.binary)


@action("audio_stream", needs="guest", example={"text": "Dinner is ready.", "voice": "en-US-male"})
async def audio_stream(context: Context, payload: AudioStream) -> Spoken:
    """Say a text, as text_to_speech does, with a voice that is named in one word. `processing`
    (metadata: `language`, `gender`, `accent`, each null where the voice leaves it open, and
    `unknown`, the parts of its name that mean nothing here), then chunks of type `audio`."""
    named = read_voice(payload.voice or "")
    await context.processing(msgspec.structs.asdict(named))
    style = Style(gender=named.gender, accent=named.accent)
    return await say(context, payload.text, named.language, style, binary=payload.binary)


async def say(
    context: Context, text: str, language: str | None, style: Style, *, binary: bool
) -> Spoken:
    """Send a text aloud, in chunks. Raises UnavailableError."""
    sent_bytes = 0
    async with context.services.clips.to_speech(text, language, style) as speech:
        async for pcm in whole_samples(speech.chunks, style.volume):
            sent_bytes += len(pcm)
            await _send(context, Piece(pcm, speech.sample_rate_hz), binary=binary)
        seconds = sent_bytes / SAMPLE_BYTES / speech.sample_rate_hz
    return Spoken(seconds=round(seconds, 3))


def _decoded(name: str, data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestError(f"“{name}”: the field “data” is not base64.") from error


def _listening(context: Context) -> IncomingSound:
    if context.client.sound is None:
        raise BadRequestError("Nothing is listened to; begin with “listen_start”.")
    return context.client.sound
