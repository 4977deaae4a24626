"""The voice loop when parts of it fail, and when it hears a recording."""

from __future__ import annotations

import asyncio

import pytest

from pichat.config.types import Voice
from pichat.errors import BusyError, ConfigError, UnavailableError
from pichat.turn.listener import Listener
from pichat.turn.rules import Rules
from tests.turn.script import CALL, ScriptedRecogniser
from tests.turn.voice_parts import Kitchen, frames

VIRTUAL_TIME = True


# --- what fails ----------------------------------------------------------------------------------


async def test_without_a_speaker_the_loop_goes_on() -> None:
    async with Kitchen(speaker=False, config=Voice()).running() as kitchen:
        for count in (1, 2):
            await kitchen.say(CALL)
            await kitchen.until(lambda count=count: len(kitchen.turns.asked) == count)  # type: ignore[misc]
            await kitchen.becomes("following_up")
            await kitchen.becomes("listening")
        assert "first_audio" not in kitchen.milestones()
        assert "speaking" not in kitchen.states()
        assert kitchen.answers == []
        assert kitchen.health.parts()["speaker"].reason == "No speaker is connected."


async def test_a_speaker_that_is_lost_in_the_middle_ends_the_answer() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("speaking")
        kitchen.speaker.lost = True
        await kitchen.becomes("listening")
        ((heard, whole),) = kitchen.answers
        assert not whole
        assert heard in "Turned on. The light is bright."
        kitchen.speaker.lost = False
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_a_lost_microphone_makes_it_deaf_and_its_return_heals() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...cc")
        await kitchen.becomes("hearing")
        kitchen.microphone.lose()
        assert (await kitchen.becomes("deaf")).reason == "The microphone was lost."
        await kitchen.becomes("listening")  # it was found again
        await kitchen.say("....." + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert len(kitchen.turns.asked) == 1


async def test_a_failing_turn_is_answered_and_the_next_one_works() -> None:
    async with Kitchen().running() as kitchen:
        failures = (UnavailableError("The lamp is out."), RuntimeError("a defect"), None)
        for count, failure in enumerate(failures, 1):
            kitchen.turns.failure = failure
            await kitchen.say(CALL)
            await kitchen.until(lambda count=count: kitchen.milestones().count("spoken") == count)  # type: ignore[misc]
        assert kitchen.speaker.said[:2] == [
            "The lamp is out.",
            "Something went wrong; the log has more.",
        ]


async def test_understanding_that_breaks_is_answered_too() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.turns.broken = kitchen.turns.failure = RuntimeError("a defect")
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.said == ["Something went wrong; the log has more."]
        await kitchen.becomes("listening")
        kitchen.turns.broken = kitchen.turns.failure = None
        await kitchen.say(CALL)
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)


async def test_an_unusable_engine_is_named_as_the_reason() -> None:
    def broken(_rules: Rules) -> Listener:
        raise ConfigError("openWakeWord has no wake word “hey jarviz”.")

    async with Kitchen(listener=broken).running() as kitchen:
        await kitchen.until(lambda: "jarviz" in (kitchen.loop.state.reason or ""))
        assert kitchen.loop.state.state == "deaf"
        assert kitchen.health.parts()["voice"].status == "degraded"


class Failing(ScriptedRecogniser):
    """Breaks when it should tell what it heard."""

    def so_far(self) -> str:
        self._open = False
        raise RuntimeError("the decoder broke")


async def test_a_failing_engine_is_loaded_again() -> None:
    recognisers = iter((Failing(), ScriptedRecogniser()))
    async with Kitchen(recogniser=lambda: next(recognisers)).running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("deaf")
        await kitchen.becomes("listening")
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


# --- recordings ----------------------------------------------------------------------------------


async def test_a_recording_is_heard_without_a_microphone() -> None:
    async with Kitchen(microphone=False, recogniser=None).running() as kitchen:
        hearing = asyncio.create_task(kitchen.loop.hear(frames(CALL)))
        await kitchen.until(lambda: "still learning" in (kitchen.loop.state.reason or ""))
        with pytest.raises(BusyError):
            await kitchen.loop.hear(frames(CALL))
        kitchen.loop.set_recogniser(ScriptedRecogniser)
        await hearing
        assert len(kitchen.turns.asked) == 1
        assert "spoken" in kitchen.milestones()
        assert (await kitchen.becomes("deaf")).reason == "No microphone is connected."
        assert kitchen.states()[-4:] == ["thinking", "speaking", "following_up", "deaf"]


async def test_the_microphone_is_not_heard_during_a_recording() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        playing = asyncio.create_task(kitchen.loop.hear(frames("." * 20)))
        await asyncio.sleep(0)
        await kitchen.say(CALL)
        await playing
        assert kitchen.milestones() == []


async def test_a_recording_ends_with_a_sentence_when_an_engine_fails() -> None:
    async with Kitchen(recogniser=Failing).running() as kitchen:
        await kitchen.becomes("listening")
        with pytest.raises(UnavailableError, match=r"stopped|not running"):
            await kitchen.loop.hear(frames(CALL + "....."))


async def test_a_recording_that_is_broken_off_leaves_no_half_command() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        hearing = asyncio.create_task(kitchen.loop.hear(frames("w..." + "o" * 50)))
        await kitchen.becomes("hearing")
        hearing.cancel()
        await kitchen.becomes("listening")
        await kitchen.say("." + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert len(kitchen.turns.asked) == 1


async def test_a_recording_is_no_follow_up_of_what_the_microphone_heard() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("following_up")
        await kitchen.loop.hear(frames("ccc"))
        assert len(kitchen.turns.asked) == 1
