"""Answers on their way to the speaker: sentences, what of them was heard, what fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pichat.bus import Bus
from pichat.config.types import Style
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.tts.base import PLAIN, Speech
from pichat.turn.mouth import Answer, Mouth, Said
from pichat.turn.persona import Persona
from tests.turn.devices import KeptSpeaker, ReadableSynthesiser, seconds

VIRTUAL_TIME = True


@pytest.mark.parametrize(
    ("said", "heard_s", "text"),
    [
        (Said("The light is on.", 1.0, 2.0, whole=True), 2.0, "The light is on."),
        (Said("The light is on.", 1.0, 2.0, whole=True), 0.5, ""),
        (Said("The light is on.", 1.0, 2.0, whole=True), 1.65, "The light"),
        (Said("The light is on.", 1.0, 2.0, whole=True), 1.99, "The light is"),
        # Only a part was written: how long it would have been is guessed from its letters.
        (Said("The light is on.", 1.0, 1.5, whole=False), 1.5, "The"),
        (Said("The light is on.", 1.0, 1.0, whole=False), 9.0, "The light is"),
    ],
)
def test_what_of_a_sentence_was_heard(said: Said, heard_s: float, text: str) -> None:
    assert said.heard(heard_s) == text


class BreakingSynthesiser(ReadableSynthesiser):
    """Says all but what it was told to break at, in the middle or before it begins."""

    def __init__(self, failure: Exception, *, early: bool) -> None:
        super().__init__()
        self.failure = failure
        self.early = early

    @asynccontextmanager
    async def speak(self, text: str, language: str, style: Style = PLAIN) -> AsyncIterator[Speech]:
        async with super().speak(text, language, style) as speech:
            if "break" in text and self.early:
                raise self.failure
            yield Speech(16_000, self._half(speech.chunks) if "break" in text else speech.chunks)

    async def _half(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk[: len(chunk) // 4 * 2]
        raise self.failure


class Room:
    def __init__(self, synthesiser: ReadableSynthesiser | None = None) -> None:
        self.health = Health(Bus())
        self.speaker = KeptSpeaker()
        self.mouth = Mouth(synthesiser or ReadableSynthesiser(), self.speaker, self.health, "en")
        self.starts = 0
        self.firsts: list[float] = []

    def answer(self) -> Answer:
        return self.mouth.answer(Persona(), on_start=self._start, on_first=self.firsts.append)

    def _start(self) -> None:
        self.starts += 1


async def test_it_speaks_while_it_is_still_being_written() -> None:
    room = Room()
    answer = room.answer()
    await answer.add("One two. Three")
    await asyncio.sleep(0.1)
    assert room.speaker.said == ["One two."]
    assert room.starts == 1
    assert len(room.firsts) == 1
    await answer.add(" four.")
    assert await answer.finish()
    assert answer.heard() == "One two. Three four."
    await answer.cancel()  # harmless


async def test_nothing_to_say_is_not_aloud() -> None:
    room = Room()
    answer = room.answer()
    await answer.add("  \n ")
    assert not await answer.finish()
    assert not answer.aloud
    assert room.starts == 0


async def test_it_is_said_as_a_person_would_and_kept_as_it_is_written() -> None:
    room = Room()
    answer = room.answer()
    await answer.add("👍\n- **Kitchen**: 21.5 °C\n---\n- Hall")
    assert await answer.finish()
    assert room.speaker.said == ["Kitchen: 21.5 degrees Celsius.", "Hall."]
    assert answer.heard() == "- **Kitchen**: 21.5 °C - Hall"


async def test_a_long_answer_waits_and_can_be_ended() -> None:
    room = Room()
    answer = room.answer()
    writing = asyncio.create_task(answer.add("Go on. " * 200))
    await asyncio.sleep(1)
    assert not writing.done()
    room.mouth.stop()
    await writing  # what is left is thrown away
    assert not await answer.finish()
    assert answer.heard() == "Go on. Go on. Go"  # 0.36 s each
    assert len(room.speaker.said) <= 5


async def test_what_was_heard_is_told_after_a_cancel() -> None:
    room = Room()
    answer = room.answer()
    await answer.add("One two three. Four five six.")
    finishing = asyncio.create_task(answer.finish())
    await asyncio.sleep(seconds("One two three.") + seconds("Four fiv"))
    room.mouth.stop()
    assert not await finishing
    assert answer.heard() == "One two three. Four"


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (UnavailableError("espeak-ng is not installed."), "espeak-ng is not installed."),
        (RuntimeError("a defect"), "The speech engine failed; the log has more."),
    ],
)
async def test_a_voice_that_fails_ends_the_answer_and_is_told(
    early: bool, failure: Exception, reason: str
) -> None:
    room = Room(BreakingSynthesiser(failure, early=early))
    answer = room.answer()
    await answer.add("All is well. Now it will break. And more.")
    assert not await answer.finish()
    assert room.health.parts()["speech"].reason == reason
    assert room.speaker.said[0] == "All is well."
    assert "And more." not in room.speaker.said
    await asyncio.sleep(5)
    assert answer.heard().startswith("All is well.")
    assert "break" not in answer.heard()
