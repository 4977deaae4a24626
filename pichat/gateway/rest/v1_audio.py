"""Speech as OpenAI's clients ask for it: a text aloud, and what is said in a recording."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec

from pichat.audio.encode import encoder, formats
from pichat.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from pichat.config.types import Style
from pichat.errors import BadRequestError, UnsupportedError
from pichat.gateway.calls import Blob, ByteStream, Call
from pichat.gateway.openai.forms import read_form
from pichat.gateway.openai.voices import style_of
from pichat.gateway.routes import route
from pichat.gateway.speaker import whole_samples

_LONGEST_CLIP_S = 30
_MOST_BYTES = 12 * 1024 * 1024  # 30 s of 48 kHz in two channels of 32 bit
_MEDIA_TYPES = {
    "wav": "audio/wav",
    "pcm": "audio/pcm",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
}
_WRITTEN = ("json", "text", "verbose_json")


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class Speak(msgspec.Struct, frozen=True, kw_only=True):
    """`voice`: a profile, an installed Piper voice, one of OpenAI's names, or words such as
    `female british`; without one, the active profile's. `response_format`: wav, pcm (24 kHz), and
    mp3, opus, aac, flac where PyAV is installed; without one mp3, or else wav. `speed` is a factor.
    `model` says nothing here."""

    input: Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
    voice: Annotated[str, msgspec.Meta(max_length=64)] | Voice = ""
    response_format: Literal["wav", "pcm", "mp3", "opus", "aac", "flac"] | None = None
    speed: Annotated[float, msgspec.Meta(ge=0.25, le=4)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    model: str | None = None


class Transcribe(msgspec.Struct, frozen=True, kw_only=True):
    """The body is a form (multipart/form-data) with the `file`, a WAV of at most 30 s and any rate,
    and `response_format`: json, text or verbose_json. `model` and what else OpenAI's clients send
    says nothing here."""


class Transcription(msgspec.Struct, frozen=True, kw_only=True):
    text: str


class TranscribedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Times in seconds."""

    id: int
    start: float
    end: float
    text: str


class LongTranscription(msgspec.Struct, frozen=True, kw_only=True):
    """`duration` in seconds. `engine`: `home` for the home's own recogniser, `model`, or empty when
    nobody could make anything out; `command`: whether it is one for this house."""

    text: str
    duration: float
    segments: tuple[TranscribedSegment, ...]
    engine: str
    command: bool
    language: str = ""
    task: Literal["transcribe"] = "transcribe"


@route(
    "POST",
    "/v1/audio/speech",
    needs="guest",
    example={"input": "Good morning.", "voice": "female british", "response_format": "wav"},
)
async def speak(call: Call, payload: Speak) -> ByteStream:
    """Say a text: a sound file, sent as it is being made. Closing the connection ends the work.
    Raises UnavailableError when PiChat cannot speak."""
    if payload.stream_format != "audio":
        raise UnsupportedError("Sound comes as it is: leave “stream_format” out.")
    form = payload.response_format or ("mp3" if "mp3" in formats() else "wav")
    if form not in formats():
        raise UnsupportedError(
            f"Nothing that is installed here makes {form}: ask for wav or pcm, or have your owner"
            " install PiChat's extra “whisper”, which brings it."
        )
    voice = payload.voice if isinstance(payload.voice, str) else payload.voice.id
    style = style_of(call.services, voice, payload.speed)
    return ByteStream(
        pieces=_spoken(call, payload.input, style, form), media_type=_MEDIA_TYPES[form]
    )


async def _spoken(call: Call, text: str, style: Style, form: str) -> AsyncIterator[bytes]:
    async with call.services.clips.to_speech(text, None, style) as speech:
        making = await asyncio.to_thread(encoder, form, speech.sample_rate_hz)
        async for pcm in whole_samples(speech.chunks, style.volume):
            if made := await asyncio.to_thread(making.add, pcm):
                yield made
        if made := await asyncio.to_thread(making.finish):
            yield made


@route("POST", "/v1/audio/transcriptions", needs="guest", raw_body=True, max_bytes=_MOST_BYTES)
async def transcribe(
    call: Call,
    payload: Transcribe,  # noqa: ARG001
) -> Transcription | LongTranscription | Blob:
    """Write down what is said in a recording. Nothing is done about it. Raises BadRequestError for
    what is no WAV, TooLargeError, and UnavailableError when nobody can listen."""
    from pichat.audio.wav import read_wav  # brings numpy, which not every daemon needs

    form = await read_form(call.request, _MOST_BYTES)
    wanted = form.text("response_format") or "json"
    if wanted not in _WRITTEN:
        raise UnsupportedError(f"“response_format” may be one of {', '.join(_WRITTEN)} here.")
    if form.text("stream").lower() == "true":
        raise UnsupportedError("What is said is written down as a whole: leave “stream” out.")
    if (wav := form.files.get("file")) is None:
        raise BadRequestError("The form lacks the “file”.")
    pcm = await asyncio.to_thread(read_wav, wav, longest_s=_LONGEST_CLIP_S)
    written = await call.services.clips.to_text(pcm)
    if wanted == "text":
        return Blob(body=f"{written.text}\n".encode(), media_type="text/plain")
    if wanted == "json":
        return Transcription(text=written.text)
    seconds = round(len(pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ, 3)
    whole = TranscribedSegment(id=0, start=0.0, end=seconds, text=written.text)
    return LongTranscription(
        text=written.text,
        duration=seconds,
        segments=(whole,) if written.text else (),
        engine=written.engine,
        command=written.command,
    )
