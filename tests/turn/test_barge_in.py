"""Whoever speaks into an answer: by the wake word, a stop phrase, a button, or plainly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from pichat.events import VoiceHeard
from tests.turn.devices import seconds
from tests.turn.script import CALL
from tests.turn.voice_parts import ANSWER, Kitchen, ScriptedTranscriber

VIRTUAL_TIME = True
LONG = ("One two three four five six seven. ", "Eight nine ten eleven twelve. ", "Thirteen.")


@asynccontextmanager
async def answering(**options: bool) -> AsyncIterator[Kitchen]:
    """Half a second into a long answer."""
    async with Kitchen(barge_in=options.get("barge_in", True)).running() as kitchen:
        kitchen.turns.pieces = LONG
        await kitchen.say(CALL)
        await kitchen.until(lambda: "first_audio" in kitchen.milestones())
        await asyncio.sleep(0.5)
        kitchen.turns.pieces = ANSWER
        kitchen.speaker.did.clear()
        yield kitchen


def heard_in(spoken_s: float) -> str:
    """The whole words of the long answer that were over by then."""
    sentence = LONG[0].strip()
    return sentence[: int(spoken_s / seconds(sentence) * len(sentence))].rpartition(" ")[0]


async def test_the_wake_word_interrupts_and_the_next_command_counts() -> None:
    async with answering() as kitchen:
        began_s = asyncio.get_running_loop().time()
        await kitchen.say("w")
        assert kitchen.speaker.did == ["stop"]
        assert ("interrupted", "wake word") in kitchen.details()
        assert kitchen.at_s("interrupted") - began_s < 0.2
        await kitchen.becomes("hearing")
        await kitchen.say("....ccc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        # What was not heard is not in the history.
        assert kitchen.answers == [
            (heard_in(0.52), False),
            ("Turned on. The light is bright.", True),
        ]
        assert len(kitchen.turns.asked) == 2


@pytest.mark.parametrize("barge_in", [True, False])
async def test_a_stop_phrase_interrupts_and_nothing_else_follows(barge_in: bool) -> None:
    async with answering(barge_in=barge_in) as kitchen:
        await kitchen.say("x")
        assert kitchen.speaker.did == ["stop"]
        assert ("interrupted", "stop word") in kitchen.details()
        await kitchen.becomes("listening")
        assert kitchen.answers == [(heard_in(0.52), False)]
        await kitchen.say("....cccc....")  # no follow-up after a stop
        assert len(kitchen.turns.asked) == 1
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_a_stop_phrase_counts_into_the_answer_as_well() -> None:
    async with answering() as kitchen:
        await kitchen.say("tttttttt")
        assert kitchen.speaker.did == ["pause"]
        await kitchen.say("x")
        assert kitchen.speaker.did == ["pause", "stop"]
        assert not kitchen.speaker.paused
        await kitchen.becomes("listening")
        assert len(kitchen.answers) == 1
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_a_command_into_the_answer_cancels_and_is_run() -> None:
    async with answering() as kitchen:
        await kitchen.say("oooooo")
        await kitchen.becomes("hearing")
        assert kitchen.speaker.did == ["pause"]
        await kitchen.say("cc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.did == ["pause", "stop"]
        assert ("interrupted", "speech") in kitchen.details()
        assert ("wake", "interruption") in kitchen.details()
        first, second = kitchen.turns.asked
        assert second.candidates == ("turn on the light",)
        assert second.turn_id != first.turn_id
        # It is paused three tenths of a second after somebody began to speak.
        assert kitchen.answers == [
            (heard_in(0.8), False),
            ("Turned on. The light is bright.", True),
        ]
        by_turn = [each.what for each in kitchen.seen(VoiceHeard) if each.turn_id == second.turn_id]
        assert by_turn == ["wake", "speech_end", "first_audio", "spoken"]


async def test_without_echo_cancellation_speech_does_not_interrupt() -> None:
    async with answering(barge_in=False) as kitchen:
        await kitchen.say("c" * 20)
        assert kitchen.speaker.did == []
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_a_television_pauses_the_answer_once_and_it_is_heard_to_its_end() -> None:
    async with answering() as kitchen:
        asking = asyncio.create_task(kitchen.say("t" * 300))
        await kitchen.until(lambda: "resumed" in kitchen.milestones())
        paused_s = kitchen.at_s("resumed") - kitchen.at_s("paused")
        # `paused` counts from the beginning of the speech.
        assert paused_s == pytest.approx(2.3, abs=0.1)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.did == ["pause", "resume"]
        assert kitchen.answers == [("".join(LONG).strip(), True)]
        assert kitchen.speaker.said == [each.strip() for each in LONG]
        assert len(kitchen.turns.asked) == 1
        asking.cancel()
        # It was heard whole: as long as without the pause, and the pause.
        spoken_s = kitchen.at_s("spoken") - kitchen.at_s("first_audio")
        assert spoken_s == pytest.approx(seconds(*kitchen.speaker.said) + paused_s - 0.3, abs=0.15)


async def test_talk_that_ends_and_is_no_command_resumes_too_and_once() -> None:
    async with answering() as kitchen:
        await kitchen.say("tttttt......." + "t" * 20)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.did == ["pause", "resume"]
        assert kitchen.answers == [("".join(LONG).strip(), True)]
        assert len(kitchen.turns.asked) == 1


async def test_after_a_false_alarm_follow_up_comes_as_ever() -> None:
    async with answering() as kitchen:
        await kitchen.say("tttttttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        await kitchen.becomes("following_up")
        await kitchen.say("ccc")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)


async def test_what_began_like_a_command_and_is_none_lets_the_answer_go_on() -> None:
    async with answering() as kitchen:
        await kitchen.say("o" * 38 + "t" * 20)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.did == ["pause", "resume"]
        assert kitchen.answers == [("".join(LONG).strip(), True)]


async def test_the_wake_word_into_a_paused_answer_ends_it() -> None:
    async with answering() as kitchen:
        await kitchen.say("tttttttw....ccc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.did == ["pause", "stop"]
        assert [whole for _, whole in kitchen.answers] == [False, True]
        assert len(kitchen.turns.asked) == 2


async def test_what_is_said_into_an_answer_is_not_for_the_transcriber() -> None:
    transcriber = ScriptedTranscriber("something")
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        kitchen.turns.pieces = LONG
        await kitchen.say(CALL)
        await kitchen.until(lambda: "first_audio" in kitchen.milestones())
        await kitchen.say("..tttttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert transcriber.heard == []
        assert len(kitchen.answers) == 1


async def test_speaking_into_an_answers_last_word_leaves_nothing_paused() -> None:
    """The answer ends in the moment in which somebody is found to speak into it."""
    for early_blocks in range(12):
        async with Kitchen().running() as kitchen:
            await kitchen.say(CALL)
            await kitchen.until(lambda kitchen=kitchen: "first_audio" in kitchen.milestones())  # type: ignore[misc]
            await asyncio.sleep(seconds(*kitchen.speaker.said) + 1.4 - 0.5 - early_blocks * 0.02)
            await kitchen.say("tttttt")
            await kitchen.becomes("listening")
            assert not kitchen.speaker.paused
            await kitchen.say(CALL)
            await kitchen.until(
                lambda kitchen=kitchen: kitchen.milestones().count("spoken") == 2  # type: ignore[misc]
            )


async def test_the_speaker_is_lost_while_it_is_paused() -> None:
    async with answering() as kitchen:
        await kitchen.say("tttttt")
        kitchen.speaker.lost = True
        await kitchen.becomes("listening")
        kitchen.speaker.lost = False
        assert not kitchen.speaker.paused
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_the_wake_word_while_thinking_begins_anew() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.turns.hold.clear()
        await kitchen.say(CALL + "...")
        await kitchen.becomes("thinking")
        await kitchen.say("w")
        await kitchen.becomes("hearing")
        assert kitchen.turns.cancelled == 1
        kitchen.turns.hold.set()
        await kitchen.say("...hhh")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates[0] for each in kitchen.turns.asked] == [
            "turn on the light",
            "turn off the lights",
        ]
        assert len(kitchen.answers) == 1


async def test_the_wake_word_while_it_is_transcribed_begins_anew() -> None:
    transcriber = ScriptedTranscriber("something")
    transcriber.hold.clear()
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        await kitchen.say("w...tttt.......")
        await kitchen.becomes("thinking")
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates[0] for each in kitchen.turns.asked] == ["turn on the light"]


async def test_the_wake_word_in_the_middle_of_a_command_begins_anew() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...oooo" + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert len(kitchen.turns.asked) == 1
