"""Buttons, muting, screens as microphones, and who may answer."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from pichat.config.types import Voice
from pichat.errors import BusyError, UnavailableError
from tests.turn.script import CALL
from tests.turn.voice_parts import Kitchen, frames

VIRTUAL_TIME = True
LONG = ("One two three four five six seven. ", "Eight nine ten eleven twelve.")


# --- muting --------------------------------------------------------------------------------------


async def test_muted_it_hears_nothing_and_says_so() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.loop.mute(True)
        assert (await kitchen.becomes("muted")).reason == "The microphone is muted."
        await kitchen.say(CALL + "....")
        assert kitchen.milestones() == []
        with pytest.raises(UnavailableError, match="muted"):
            kitchen.loop.listen()
        kitchen.loop.mute(False)
        await kitchen.becomes("listening")
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.remembered == [True, False]


async def test_muting_forgets_a_command_that_is_being_heard() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...oooo")
        kitchen.loop.mute(True)
        await kitchen.becomes("muted")
        kitchen.loop.mute(False)
        await kitchen.becomes("listening")
        await kitchen.say("cccc....")
        assert kitchen.turns.asked == []


async def test_an_answer_goes_on_while_muted_and_cannot_be_spoken_into() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("speaking")
        kitchen.loop.mute(True)
        await kitchen.say("cccccc")
        assert kitchen.loop.state.state == "speaking"
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        await kitchen.becomes("muted")
        kitchen.loop.mute(False)
        await kitchen.becomes("listening")  # no follow-up out of the blue
        await kitchen.say("cccc....")
        assert len(kitchen.turns.asked) == 1


async def test_muting_into_a_paused_answer_lets_it_go_on() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.turns.pieces = LONG
        await kitchen.say(CALL + "........tttttt")
        await kitchen.becomes("hearing")
        kitchen.loop.mute(True)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.answers == [("".join(LONG), True)]
        await kitchen.becomes("muted")


async def test_a_recording_is_heard_though_the_microphone_is_muted() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.mute(True)
        await kitchen.becomes("muted")
        hearing = asyncio.create_task(kitchen.loop.hear(frames(CALL)))
        await kitchen.becomes("hearing")
        kitchen.loop.mute(True)  # again: that is not what is being heard
        await hearing
        assert len(kitchen.turns.asked) == 1
        await kitchen.becomes("muted")


async def test_a_disk_that_does_not_remember_mutes_all_the_same() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.disk = UnavailableError("The disk is full.")
        kitchen.loop.mute(True)
        await kitchen.becomes("muted")
        kitchen.disk = None
        kitchen.loop.mute(False)
        await kitchen.until(lambda: kitchen.remembered == [False])


# --- buttons -------------------------------------------------------------------------------------


async def test_a_button_begins_a_turn() -> None:
    async with Kitchen(config=Voice()).running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.loop.listen()
        await kitchen.becomes("hearing")
        await kitchen.say(".....tttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.details()[0] == ("wake", "button")
        assert kitchen.speaker.chimes == 1
        assert len(kitchen.turns.asked) == 1  # it was asked, so it may be anything


async def test_a_button_that_is_pressed_in_vain_does_nothing_later() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.loop.listen()
        kitchen.loop.mute(True)
        await kitchen.say("...")
        kitchen.loop.mute(False)
        await kitchen.say("...cccc....")
        assert kitchen.milestones() == []


async def test_the_button_interrupts_an_answer_to_listen() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("speaking")
        kitchen.loop.listen()
        await kitchen.becomes("hearing")
        assert ("interrupted", "button") in kitchen.details()
        await kitchen.say("...hhh")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("...", "listening"),
        ("w", "hearing"),
        ("w...ooo", "hearing"),
        (CALL + "..", "thinking"),
        (CALL + ".....", "speaking"),
        (CALL + "..........tttttt", "hearing"),
    ],
)
async def test_the_stop_button_works_whatever_goes_on(said: str, state: str) -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.turns.pieces = LONG
        if state == "thinking":
            kitchen.turns.hold.clear()
        await kitchen.say(said)
        await kitchen.becomes(state)
        kitchen.loop.interrupt()
        await kitchen.becomes("listening")
        assert not kitchen.speaker.paused
        kitchen.turns.hold.set()
        await kitchen.say("....tttt.......")  # and nobody is heard any more
        assert kitchen.loop.state.state == "listening"
        asked = len(kitchen.turns.asked)
        assert "spoken" not in kitchen.milestones()
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert len(kitchen.turns.asked) == asked + 1


async def test_the_stop_button_ends_the_follow_up() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.becomes("following_up")
        kitchen.loop.interrupt()
        await kitchen.becomes("listening")
        await kitchen.say("cccc....")
        assert len(kitchen.turns.asked) == 1


# --- screens -------------------------------------------------------------------------------------


async def test_a_screen_is_answered_where_it_is() -> None:
    async with Kitchen().running() as kitchen, kitchen.screen(area="Kitchen") as phone:
        await phone.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))
        assert phone.speaker.said == ["Turned on.", "The light is bright."]
        assert kitchen.speaker.said == []
        assert kitchen.turns.asked[0].area == "Kitchen"
        assert kitchen.milestones() == []
        assert kitchen.states()[-1] == "listening"
        assert kitchen.states("phone")[-1] == "following_up"


async def test_a_screen_without_the_wake_word_is_asked_at_once() -> None:
    async with Kitchen().running() as kitchen:
        async with kitchen.screen(wake_word=False) as phone:
            await phone.say("w....cccc")  # a wake word is not listened for
            await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))
            assert kitchen.details("phone")[0] == ("wake", "button")
            assert kitchen.milestones("phone").count("wake") == 1
        assert phone.station.state.state == "deaf"


async def test_a_screens_recording_is_answered_before_it_returns() -> None:
    async with Kitchen().running() as kitchen, kitchen.screen(wake_word=False) as phone:
        await phone.station.hear(frames("...cccc"), None)
        assert "spoken" in kitchen.milestones("phone")
        assert phone.station.state.state == "following_up"


async def test_too_many_screens_are_told_so() -> None:
    async with Kitchen().running() as kitchen, AsyncExitStack() as stack:
        for number in range(4):
            await stack.enter_async_context(kitchen.screen(f"screen-{number}"))
        with pytest.raises(BusyError):
            await stack.enter_async_context(kitchen.screen("one more"))
        await stack.aclose()
        async with kitchen.screen("later"):
            pass


async def test_a_screen_without_a_recogniser_is_told_why() -> None:
    async with Kitchen(recogniser=None).running() as kitchen:
        with pytest.raises(UnavailableError, match="still learning"):
            async with kitchen.screen():
                pass
        kitchen.loop.set_recogniser(None, "Speech in “de” needs a model.")
        with pytest.raises(UnavailableError, match="needs a model"):
            async with kitchen.screen():
                pass


async def test_muting_and_a_lost_microphone_are_nothing_to_a_screen() -> None:
    async with Kitchen().running() as kitchen, kitchen.screen() as phone:
        kitchen.loop.mute(True)
        kitchen.microphone.lose()
        await phone.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))


async def test_a_screen_that_goes_in_the_middle_of_an_answer_leaves_nothing_behind() -> None:
    async with Kitchen().running() as kitchen:
        async with kitchen.screen() as phone:
            await phone.say(CALL)
            await kitchen.until(lambda: "first_audio" in kitchen.milestones("phone"))
        assert [whole for _, whole in kitchen.answers] == [False]
        assert phone.station.state.state == "deaf"
        await kitchen.say("....." + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


# --- who may answer ------------------------------------------------------------------------------


async def test_the_first_that_heard_the_wake_word_answers() -> None:
    async with Kitchen().running() as kitchen, kitchen.screen() as phone:
        await asyncio.gather(kitchen.say("..." + CALL), phone.say("...." + CALL))
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.milestones("phone") == ["stood_down"]
        assert phone.speaker.said == []
        assert "hearing" not in kitchen.states("phone")
        await asyncio.gather(kitchen.say("....." + CALL), phone.say("..." + CALL))
        await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))
        assert kitchen.milestones().count("spoken") == 1
        assert len(kitchen.turns.asked) == 2


async def test_two_that_speak_one_after_the_other_are_both_answered() -> None:
    async with Kitchen().running() as kitchen, kitchen.screen() as phone:
        await asyncio.gather(kitchen.say(CALL), phone.say("." * 16 + CALL))
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))


@pytest.mark.parametrize(
    "said",
    ["w" + "." * 18, "w..." + "o" * 16, CALL + "......", CALL + "........tttttt"],
    ids=["waits", "hears", "speaks", "is spoken into"],
)
async def test_whoever_stands_down_lets_go_of_what_it_was_doing(said: str) -> None:
    """The wake word is said again, and now the phone is nearer."""
    async with Kitchen().running() as kitchen, kitchen.screen() as phone:
        kitchen.turns.pieces = LONG
        early = "." * (len(said) - 1)
        await asyncio.gather(kitchen.say(said + "w...cccc"), phone.say(early + "w....cccc"))
        await kitchen.becomes("listening")
        await kitchen.until(lambda: "spoken" in kitchen.milestones("phone"))
        assert "stood_down" in kitchen.milestones()
        assert "spoken" not in kitchen.milestones()
        assert not kitchen.speaker.paused
        await asyncio.sleep(10)
        assert kitchen.loop.state.state == "listening"
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
