"""Going on without the wake word."""

from __future__ import annotations

import pytest

from pichat.config.types import Voice
from tests.turn.script import CALL
from tests.turn.voice_parts import Kitchen, ScriptedTranscriber

VIRTUAL_TIME = True


async def answered(kitchen: Kitchen) -> None:
    await kitchen.say(CALL)
    await kitchen.until(lambda: "spoken" in kitchen.milestones())
    await kitchen.becomes("following_up")


async def test_a_command_without_the_wake_word_is_run() -> None:
    async with Kitchen().running() as kitchen:
        await answered(kitchen)
        await kitchen.say("..........hhh")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert ("wake", "follow_up") in kitchen.details()
        first, second = kitchen.turns.asked
        assert second.candidates == ("turn off the lights",)
        assert first.conversation_id == second.conversation_id
        assert first.turn_id != second.turn_id


async def test_it_ends_after_its_time() -> None:
    async with Kitchen().running() as kitchen:
        await answered(kitchen)
        await kitchen.say("." * 49)
        assert kitchen.states()[-1] == "following_up"
        await kitchen.say("..")
        assert kitchen.states()[-1] == "listening"
        await kitchen.say("cccc....")
        assert len(kitchen.turns.asked) == 1
        assert "gave_up" not in kitchen.milestones()


@pytest.mark.parametrize("said", ["tttt", "ssss", "oooo", "t" * 40])
async def test_what_is_no_command_is_dropped_in_silence(said: str) -> None:
    transcriber = ScriptedTranscriber("words between two people")
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        await answered(kitchen)
        await kitchen.say(said)
        await kitchen.becomes("listening")
        assert kitchen.milestones().count("spoken") == 1
        assert "gave_up" in kitchen.milestones()
        assert len(kitchen.turns.asked) == 1
        assert len(kitchen.speaker.said) == 2
        assert transcriber.heard == []
        assert [final for _, final in kitchen.transcripts].count(True) == 1
        await kitchen.say(CALL)
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)


async def test_talk_that_is_no_command_does_not_hold_it_open() -> None:
    async with Kitchen().running() as kitchen:
        await answered(kitchen)
        await kitchen.say("t" * 31)
        assert kitchen.loop.state.state == "listening"


async def test_none_is_wanted() -> None:
    async with Kitchen(config=Voice(feedback_sound=False, follow_up_s=0)).running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        await kitchen.becomes("listening")
        assert "following_up" not in kitchen.states()
        await kitchen.say("cccc....")
        assert len(kitchen.turns.asked) == 1


@pytest.mark.parametrize("follow_up_s", [0.0, 5.0])
async def test_a_question_of_its_own_is_always_listened_to(follow_up_s: float) -> None:
    config = Voice(feedback_sound=False, follow_up_s=follow_up_s)
    transcriber = ScriptedTranscriber("the one in the kitchen")
    async with Kitchen(config=config, transcriber=transcriber).running() as kitchen:
        kitchen.turns.pieces = ("Which light", " do you mean?")
        await answered(kitchen)
        kitchen.turns.pieces = ("Done.",)
        await kitchen.say("." * 55 + "tttt")  # as long as after the wake word; any words
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert kitchen.turns.asked[-1].candidates == ("the one in the kitchen",)


async def test_what_is_said_after_that_is_an_ordinary_follow_up_again() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.turns.pieces = ("Which one?",)
        await answered(kitchen)
        kitchen.turns.pieces = ("Done.",)
        await kitchen.say("cc")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        await kitchen.becomes("following_up")
        await kitchen.say("tttt")
        await kitchen.becomes("listening")
        assert len(kitchen.turns.asked) == 2


async def test_the_wake_word_counts_meanwhile() -> None:
    async with Kitchen().running() as kitchen:
        await answered(kitchen)
        await kitchen.say("..w......ttt")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert len(kitchen.turns.asked) == 2  # and then it may be anything


async def test_an_answer_without_words_wants_no_follow_up() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.turns.pieces = ()
        await kitchen.say(CALL)
        await kitchen.until(lambda: len(kitchen.turns.asked) == 1)
        await kitchen.becomes("listening")
        assert "following_up" not in kitchen.states()
        assert kitchen.speaker.said == []


async def test_a_microphone_that_is_lost_meanwhile_ends_it() -> None:
    async with Kitchen().running() as kitchen:
        await answered(kitchen)
        kitchen.microphone.lose()
        await kitchen.becomes("deaf")
        await kitchen.becomes("listening")
        await kitchen.say("ccc....")
        assert len(kitchen.turns.asked) == 1
