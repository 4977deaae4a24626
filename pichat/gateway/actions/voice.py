"""The buttons of the voice loop: what a hand can do instead of a voice."""

import msgspec

from pichat.events import VoiceChanged
from pichat.gateway.context import Context
from pichat.gateway.registry import action


class SetMute(msgspec.Struct, frozen=True, kw_only=True):
    muted: bool


class StopSpeaking(msgspec.Struct, frozen=True, kw_only=True):
    pass


class StartListening(msgspec.Struct, frozen=True, kw_only=True):
    pass


class VoiceNow(msgspec.Struct, frozen=True, kw_only=True):
    """How the voice loop is after it. A change that takes its time arrives as `voice_changed`."""

    voice: VoiceChanged


@action("set_mute", needs="screen", example={"muted": True})
def set_mute(context: Context, payload: SetMute) -> VoiceNow:
    """Stop listening to the microphone of this machine, or listen to it again. An answer that is
    being spoken goes on; screens that listen are not muted by it."""
    context.services.voice.mute(payload.muted)
    return VoiceNow(voice=context.services.voice.state)


@action("stop_speaking", needs="guest")
def stop_speaking(context: Context, payload: StopSpeaking) -> VoiceNow:  # noqa: ARG001
    """Be silent at once, as after the stop word. Harmless when nothing is being said."""
    context.services.voice.interrupt()
    return VoiceNow(voice=context.services.voice.state)


@action("start_listening", needs="guest")
def start_listening(context: Context, payload: StartListening) -> VoiceNow:  # noqa: ARG001
    """Listen to the microphone of this machine as after the wake word. Unavailable when it is deaf
    or muted."""
    context.services.voice.listen()
    return VoiceNow(voice=context.services.voice.state)
