"""Chat as OpenAI's clients do it: they bring along what was said before, and nothing is kept."""

import hashlib
from typing import Any

import msgspec

from pichat.errors import UnsupportedError
from pichat.events import Utterance
from pichat.gateway.calls import Call, EventStream
from pichat.gateway.openai.answered import Chunks, Completion, whole
from pichat.gateway.openai.asked import MOST_BYTES, Asked, Messages, read_messages
from pichat.gateway.openai.models import PICHAT, choose
from pichat.gateway.openai.uploads import uploads_of
from pichat.gateway.openai.wanted import Wanted, check_system
from pichat.gateway.routes import route
from pichat.gateway.saying import NO_WISHES, utterance


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`include_usage`: a last chunk without choices tells what the answer took."""

    include_usage: bool = False


class ResponseFormat(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "text"


class ChatCompletion(Wanted, frozen=True, kw_only=True):
    """A conversation, whose last message is answered. `model`: `pichat` for whoever is active, a
    profile, a language model of the config, or one of that one's as `name:model`. System messages
    stand in the place of what the profile's owner wrote; PiChat's own rules stay. Pictures are
    `image_url` parts with a data: URL or an upload. Tools of the client's own are not carried out:
    `tools` is ignored, unless `tool_choice` insists on one. `user`: whose conversation it is, where
    one token serves several."""

    messages: Messages
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    tool_choice: Any = None
    function_call: Any = None
    response_format: ResponseFormat | None = None
    user: str | None = None


@route(
    "POST",
    "/v1/chat/completions",
    needs="guest",
    max_bytes=MOST_BYTES,
    example={
        "model": "pichat",
        "messages": [{"role": "user", "content": "turn on the kitchen light"}],
    },
)
async def complete_chat(call: Call, payload: ChatCompletion) -> Completion | EventStream:
    """Answer the last message, whole or with `stream` in chunks that end with `[DONE]`. The house's
    own tools are used meanwhile; what they did, and how the turn went, stands in the field
    `pichat`. A device that did not answer is told in the answer, and in `pichat.metadata.code`; an
    error is for what could not be asked. Closing the connection ends the turn."""
    _check(payload)
    asked = await read_messages(payload.messages, uploads_of(call))
    events = call.services.turns.run(_utterance(call, payload, asked))
    model = payload.model or PICHAT
    if not payload.stream:
        return await whole(events, model)
    options = payload.stream_options or StreamOptions()
    return EventStream(events=Chunks(model, usage=options.include_usage).stream(events))


def _check(payload: ChatCompletion) -> None:
    """Raises UnsupportedError for what cannot be left out without a lie."""
    if payload.n not in (None, 1):
        raise UnsupportedError("PiChat gives one answer: leave “n” out.")
    form = payload.response_format
    if form is not None and form.type != "text":
        raise UnsupportedError("PiChat answers in plain text: leave “response_format” out.")
    for insisting in (payload.tool_choice, payload.function_call):
        if insisting not in (None, "none", "auto"):
            raise UnsupportedError(
                "PiChat uses its own tools and carries out none of the client's: leave"
                " “tool_choice” out, or let it be auto or none."
            )


def _utterance(call: Call, payload: ChatCompletion, asked: Asked) -> Utterance:
    check_system(asked.system)
    chosen = choose(call.services, payload.model)
    return utterance(
        call.caller,
        asked.text,
        conversation_id=_conversation(call, payload, asked),
        profile=chosen.profile,
        wishes=payload.terms(NO_WISHES, model=chosen.model, system=asked.system),
        images=asked.images,
        history=asked.history,
    )


def _conversation(call: Call, payload: ChatCompletion, asked: Asked) -> str:
    """Its client does not say which conversation it is, but begins each request with the same: so
    that a yes finds the question that was asked before."""
    first = asked.history[0].text if asked.history else asked.text
    known = (call.caller.id, payload.user or "", asked.system or "", first)
    return "v1-" + hashlib.sha256(msgspec.json.encode(known)).hexdigest()[:32]
