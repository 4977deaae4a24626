"""A message into a conversation, as seed 001 sends one."""

from typing import Annotated

import msgspec
from msgspec import structs

from pichat.errors import PiChatError
from pichat.gateway.actions.chat import ChatDone, Text, own_conversation, talk
from pichat.gateway.actions.speech import say
from pichat.gateway.context import Context
from pichat.gateway.people import speaking_for
from pichat.gateway.registry import action
from pichat.gateway.saying import utterance
from pichat.turn.user_changes import style_of

_LONGEST_SPOKEN = 4000


class SendMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`is_audio`: the answer is spoken, too, with `binary` as binary frames. Without a
    conversation_id the connection's own conversation goes on. `user`: who speaks, by id or name, on
    a screen that is nobody's in particular."""

    content: Text
    conversation_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    is_audio: bool = False
    binary: bool = False
    user: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None


class MessageSent(ChatDone, frozen=True, kw_only=True):
    """As for `chat`. `audio_s`: how much sound was sent; with an `audio_error` that is null, and
    the answer could not be spoken."""

    audio_s: float | None = None
    audio_error: str | None = None


@action(
    "send_message",
    needs="guest",
    reply="message_sent",
    example={"conversation_id": "holiday", "content": "turn on the kitchen light"},
)
async def send_message(context: Context, payload: SendMessage) -> MessageSent:
    """Say something in a conversation. Streams as `chat` does: `processing`, then chunks of type
    `text` and `tool`, and with `is_audio` then the answer as chunks of type `audio`, in the voice
    of the person's settings."""
    services = context.services
    speaker = speaking_for(services, context.caller, payload.user)
    said = utterance(
        speaker,
        payload.content,
        conversation_id=payload.conversation_id or own_conversation(context, speaker),
        profile=services.clients.profile(context.caller.id),
        wishes=services.clients.wishes(context.caller.id),
    )
    done = await talk(context, said)
    sent = MessageSent(**structs.asdict(done))
    if not payload.is_audio or not done.text:
        return sent
    user = services.users.get(speaker.user_id)
    style = style_of(user.settings.voice_settings, services.voices.of_profile(user.profile or ""))
    text, language = done.text[:_LONGEST_SPOKEN], user.settings.language
    try:
        spoken = await say(context, text, language, style, binary=payload.binary)
    except PiChatError as error:  # it was done and answered: only its sound is missing
        return structs.replace(sent, audio_error=error.sentence)
    return structs.replace(sent, audio_s=spoken.seconds)
