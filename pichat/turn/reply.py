"""What was said becomes text, and text an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from pichat.bus import Bus
from pichat.errors import PiChatError
from pichat.events import (
    Milestone,
    Transcript,
    TurnEvent,
    TurnFinished,
    TurnStarted,
    TurnText,
    Utterance,
)
from pichat.stt.transcriber import Transcriber
from pichat.turn.by_intents import INTENTS
from pichat.turn.mouth import Answer
from pichat.turn.persona import Persona

log = structlog.get_logger(__name__)

_NOT_CAUGHT = "Sorry, I did not catch that."


class Turns(Protocol):
    """Who understands, acts and answers. Ending the iteration early cancels the turn."""

    def run(self, utterance: Utterance) -> AsyncIterator[TurnEvent]: ...

    async def command_in(self, utterance: Utterance) -> str | None:
        """The likeliest candidate that is a command, if any is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One thing that was said. `asked`: after the wake word, or after a question of PiChat's own;
    what nobody asked for counts only as a command."""

    turn_id: str
    conversation_id: str
    persona: Persona
    area: str | None
    candidates: tuple[str, ...]
    pcm: bytes
    asked: bool
    milestone: Callable[[Milestone, str], None]
    transcribed: bool = False  # by who knows more than commands

    @property
    def utterance(self) -> Utterance:
        return Utterance(
            candidates=self.candidates,
            source=self.persona.source,
            turn_id=self.turn_id,
            conversation_id=self.conversation_id,
            area=self.area,
            profile=self.persona.profile,
            user_id=self.persona.user_id,
            commands_only=not self.transcribed,
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer. `by_model`: a language model gave it, who may be talked with."""

    text: str
    by_model: bool = False


class Replier:
    """Makes out what was said and has it answered. The home's own recogniser comes first; what it
    refuses is transcribed by the `transcriber`, if there is one. Publishes the final Transcript."""

    def __init__(
        self, turns: Turns, transcriber: Transcriber | None, bus: Bus, language: str
    ) -> None:
        self._turns = turns
        self._transcriber = transcriber
        self._bus = bus
        self._language = language

    async def make_out(self, spoken: Spoken) -> Spoken | None:
        """What was said, to be replied to; None when it was not meant for PiChat."""
        command = await self._command_in(spoken)
        if command is None and not spoken.asked:
            return None
        if command is None and self._transcriber is not None:
            spoken = await self._transcribe(spoken, self._transcriber)
        text = command or next(iter(spoken.candidates), "")
        self._bus.publish(Transcript(turn_id=spoken.turn_id, text=text, final=True))
        return spoken

    async def reply(self, spoken: Spoken, answer: Answer) -> Reply:
        """Run the turn and speak what it answers; the whole answer. Raises nothing: whatever
        fails is said."""
        if not spoken.candidates:
            await answer.add(_NOT_CAUGHT)
            return Reply(_NOT_CAUGHT)
        text, by_model = "", False
        try:
            events = self._turns.run(spoken.utterance)
            async with aclosing(events) as stream:  # type: ignore[type-var]
                async for event in stream:
                    if isinstance(event, TurnStarted) and event.provider != INTENTS:
                        answer.prepare()  # it takes a while until a model says anything
                    elif isinstance(event, TurnText):
                        text += event.text
                        await answer.add(event.text)
                    elif isinstance(event, TurnFinished):
                        by_model = event.model is not None
                        if not text:
                            text = event.text
                            await answer.add(text)
        except PiChatError as error:
            text = error.sentence
            await answer.add(text)
        except Exception:  # the owner's boundary: a defect in a turn must not end the listening
            log.exception("turn failed", turn_id=spoken.turn_id)
            text = "Something went wrong; the log has more."
            await answer.add(text)
        return Reply(text, by_model)

    async def _command_in(self, spoken: Spoken) -> str | None:
        if not spoken.candidates:
            return None
        try:
            return await self._turns.command_in(spoken.utterance)
        except Exception:  # the owner's boundary: the turn, if there is one, tells of the defect
            log.exception("not made out", turn_id=spoken.turn_id)
            return None

    async def _transcribe(self, spoken: Spoken, transcriber: Transcriber) -> Spoken:
        """With the model's text, else as the recogniser had it."""
        language = spoken.persona.language or self._language
        try:
            text = await transcriber.transcribe(spoken.pcm, language)
        except PiChatError as error:
            log.info("not transcribed", reason=error.sentence)
            spoken.milestone("transcribed", error.sentence)
            return spoken
        except Exception:  # an engine's own failure must not cost the person the turn
            log.exception("not transcribed", turn_id=spoken.turn_id)
            spoken.milestone("transcribed", "It failed; the log has more.")
            return spoken
        spoken.milestone("transcribed", "")
        return replace(spoken, candidates=(text,) if text else (), transcribed=True)
