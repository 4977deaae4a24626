"""Sound from a client into the voice loop, as if the microphone had heard it."""

import base64
import binascii

import msgspec

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.errors import BadRequestError, BusyError, UnsupportedError
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.gateway.sound import IncomingSound


class ListenStart(msgspec.Struct, frozen=True, kw_only=True):
    """int16 little-endian samples. The client converts; other rates are refused."""

    sample_rate_hz: int = SAMPLE_RATE_HZ
    channels: int = 1


class Listened(msgspec.Struct, frozen=True, kw_only=True):
    """How much sound came in."""

    seconds: float


class ListenAudio(msgspec.Struct, frozen=True, kw_only=True):
    """Base64 of int16 samples, at most 64 KiB of them."""

    data: str


class ListenStop(msgspec.Struct, frozen=True, kw_only=True):
    pass


@action("listen_start", example={"sample_rate_hz": 16000, "channels": 1})
async def listen_start(context: Context, payload: ListenStart) -> Listened:
    """Begin to send sound. Replies `processing` when it may come, as binary frames or with
    `listen_audio`, and is complete when all of it has been listened to after `listen_stop`. What
    was heard and done arrives as events. A client that sends faster than the voice loop listens is
    slowed down. Unavailable when there is no voice loop, busy when someone else is listened to."""
    if payload.sample_rate_hz != SAMPLE_RATE_HZ or payload.channels != 1:
        raise UnsupportedError(
            f"Sound has to be {SAMPLE_RATE_HZ} Hz with one channel, not {payload.sample_rate_hz} Hz"
            f" with {payload.channels}; convert it before sending."
        )
    if context.client.sound is not None:
        raise BusyError("This connection is listened to already.")
    sound = context.client.sound = IncomingSound()
    try:
        await context.processing({"sample_rate_hz": SAMPLE_RATE_HZ, "channels": 1})
        await context.services.voice.hear(sound.frames())
    finally:
        sound.close()
        context.client.sound = None
    return Listened(seconds=round(sound.seconds, 3))


@action("listen_audio", example={"data": "AAAAAA=="})
async def listen_audio(context: Context, payload: ListenAudio) -> Listened:
    """Send a piece of sound; complete once it has been taken in."""
    try:
        frame = base64.b64decode(payload.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequestError("“listen_audio”: the field “data” is not base64.") from error
    sound = _listening(context)
    await sound.put(frame)
    return Listened(seconds=round(sound.seconds, 3))


@action("listen_stop")
async def listen_stop(context: Context, payload: ListenStop) -> Listened:  # noqa: ARG001
    """No more sound will come. Complete when the rest has been listened to, as is then the
    `listen_start`."""
    sound = _listening(context)
    await sound.end()
    await sound.listened()
    return Listened(seconds=round(sound.seconds, 3))


def _listening(context: Context) -> IncomingSound:
    if context.client.sound is None:
        raise BadRequestError("Nothing is listened to; begin with “listen_start”.")
    return context.client.sound
