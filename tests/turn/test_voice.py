"""The voice loop as a whole, with scripted engines and devices: one command after the other."""

from __future__ import annotations

import asyncio

import pytest

from pichat.config.types import Style, Voice
from pichat.errors import UnavailableError
from pichat.events import VoiceHeard
from pichat.turn.heard import HeardEnd, HeardNearMiss, HeardWake
from pichat.turn.persona import Persona
from tests.support.recogniser import KeptRecogniser
from tests.turn.devices import seconds
from tests.turn.script import CALL, TEXTS, ScriptedRecogniser, sound
from tests.turn.voice_parts import Kitchen, ScriptedTranscriber, frames

VIRTUAL_TIME = True
WHOLE_TURN = ["wake", "speech_start", "speech_end", "first_audio", "spoken"]


async def test_a_command_is_heard_run_and_answered() -> None:
    async with Kitchen(recogniser=None).running() as kitchen:
        assert (await kitchen.becomes("deaf")).reason
        kitchen.loop.set_recogniser(ScriptedRecogniser)
        await kitchen.becomes("listening")
        await kitchen.say("...." + CALL)
        await kitchen.until(lambda: kitchen.milestones() == WHOLE_TURN)
        await kitchen.becomes("following_up")
        await kitchen.becomes("listening")
        assert kitchen.states() == [
            "deaf",
            "listening",
            "hearing",
            "thinking",
            "speaking",
            "following_up",
            "listening",
        ]
        (utterance,) = kitchen.turns.asked
        assert utterance.candidates == ("turn on the light",)
        assert (utterance.source, utterance.profile, utterance.area) == ("voice", "", None)
        assert {each.turn_id for each in kitchen.seen(VoiceHeard)} == {utterance.turn_id}
        assert kitchen.speaker.said == ["Turned on.", "The light is bright."]
        assert kitchen.speaker.chimes == 0
        assert kitchen.transcripts == [
            ("turn on the", False),
            ("turn on the light", False),
            ("turn on the light", True),
        ]
        assert kitchen.answers == [("Turned on. The light is bright.", True)]
        await kitchen.say(CALL)
        await kitchen.until(lambda: kitchen.milestones() == WHOLE_TURN * 2)
        assert len(kitchen.turns.asked) == 2


async def test_milestones_are_at_the_time_of_the_sound() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        began_s = asyncio.get_running_loop().time()
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.at_s("wake") - began_s == pytest.approx(0.02, abs=0.03)
        assert kitchen.at_s("speech_start") - began_s == pytest.approx(0.5, abs=0.03)
        assert kitchen.at_s("speech_end") - began_s == pytest.approx(1.1, abs=0.03)
        # A whole command waits 0.14 s; the engines, the house and the synthesiser take no time.
        waited_s = kitchen.at_s("first_audio") - kitchen.at_s("speech_end")
        assert waited_s == pytest.approx(0.14, abs=0.05)
        spoken_s = kitchen.at_s("spoken") - kitchen.at_s("first_audio")
        assert spoken_s == pytest.approx(seconds(*kitchen.speaker.said), abs=0.1)


@pytest.mark.parametrize(
    ("said", "why", "silence_s"),
    [("ccc", "complete", 0.14), ("hhh", "silence", 0.6), ("ooo", "open", 1.2)],
)
async def test_how_long_it_waits_depends_on_what_was_said(
    said: str, why: str, silence_s: float
) -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w..." + said)
        await kitchen.until(lambda: "first_audio" in kitchen.milestones())
        assert ("speech_end", why) in kitchen.details()
        waited_s = kitchen.at_s("first_audio") - kitchen.at_s("speech_end")
        assert waited_s == pytest.approx(silence_s, abs=0.06)


async def test_a_command_with_a_pause_in_it_is_one() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...oo.........cc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates for each in kitchen.turns.asked] == [("turn on the light",)]


async def test_what_turns_out_to_be_none_is_heard_on() -> None:
    def recogniser() -> ScriptedRecogniser:
        return ScriptedRecogniser({TEXTS["c"]: ("turn on the lie",)})

    async with Kitchen(recogniser=recogniser).running() as kitchen:
        await kitchen.say("w...cc...ohh")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates for each in kitchen.turns.asked] == [("turn off the lights",)]


async def test_speech_that_is_nothing_gets_one_sentence_and_no_turn() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...sssss")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.said == ["Sorry, I did not catch that."]
        assert kitchen.transcripts == [("", True)]
        assert kitchen.turns.asked == []
        await kitchen.say("." + CALL)  # and the next command works, without the wake word even
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert len(kitchen.turns.asked) == 1


async def test_silence_after_the_wake_word_is_not_answered() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w")
        await kitchen.until(lambda: "gave_up" in kitchen.milestones())
        assert kitchen.at_s("gave_up") - kitchen.at_s("wake") == pytest.approx(6, abs=0.1)
        await kitchen.becomes("listening")
        assert kitchen.speaker.said == []


async def test_a_television_is_capped_and_answered() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w..." + "s" * 152)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert ("capped", "capped") in kitchen.details()
        assert "speech_end" not in kitchen.milestones()
        assert kitchen.speaker.said == ["Sorry, I did not catch that."]
        await kitchen.becomes("listening")


async def test_a_command_before_a_television_is_run() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("w...ccc" + "s" * 20)
        await kitchen.until(lambda: "first_audio" in kitchen.milestones())
        assert ("speech_end", "complete") in kitchen.details()
        assert [each.candidates for each in kitchen.turns.asked] == [("turn on the light",)]


# --- feedback, profiles, what is kept and told ---------------------------------------------------


async def test_the_feedback_sound_marks_each_waking_once() -> None:
    async with Kitchen(config=Voice()).running() as kitchen:
        await kitchen.say("w....")  # they wait to be asked
        assert kitchen.speaker.chimes == 1
        await kitchen.say(".ccc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.chimes == 1
        await kitchen.say(".ccc")  # a follow-up has none
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert kitchen.speaker.chimes == 1
        await kitchen.say("wcccccc")  # in one breath: when it ended
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 3)
        assert kitchen.speaker.chimes == 2


async def test_its_own_feedback_sound_is_no_command() -> None:
    async with Kitchen(config=Voice()).running() as kitchen:
        await kitchen.say("w.....ss......")  # the microphone hears the chime
        assert kitchen.speaker.chimes == 1
        assert kitchen.milestones() == ["wake"]
        await kitchen.say("ccc")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())


async def test_each_wake_word_calls_its_profile() -> None:
    butler = Style(gender="male", accent="british", rate=1.2)
    night = Style(gender="female", volume=0.25)
    personas = {"hey_jarvis": Persona("butler", butler), "alexa": Persona("night", night)}
    async with Kitchen(personas=personas).running() as kitchen:
        await kitchen.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        await kitchen.say("a....ccc")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        await kitchen.say(".ccc")  # a follow-up is for the same one
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 3)
        assert [each.profile for each in kitchen.turns.asked] == ["butler", "night", "night"]
        styles = kitchen.synthesiser.styles
        assert styles[:3] == [butler, butler, night]
        assert kitchen.speaker.volumes == [1.0, 1.0, 0.25, 0.25, 0.25, 0.25]
        assert ("wake", "alexa") in kitchen.details()


async def test_scores_and_near_misses_are_told_and_wake_nobody() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("n....")
        assert kitchen.milestones() == []
        near = [each for each in kitchen.scored if each.near_miss]
        assert [(each.near_miss, each.scores) for each in near] == [
            ("hey_jarvis", {"first": {"hey_jarvis": 0.9}, "second": {"hey_jarvis": 0.1}})
        ]
        assert [each.scores for each in kitchen.scored if not each.near_miss] == [
            {"first": {"hey_jarvis": 0.9}}
        ]
        await kitchen.say("....")
        assert len(kitchen.scored) == 2  # silence scores nothing
        await kitchen.say("w")
        (wake,) = (each for each in kitchen.seen(VoiceHeard) if each.what == "wake")
        assert wake.scores == {"first": 0.9, "second": 0.8}


async def test_what_may_be_kept_is_offered_with_its_turn() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.say("n........" + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        (near_id, near), (woke_id, woke), (end_id, end) = kitchen.kept
        assert isinstance(near, HeardNearMiss)
        assert isinstance(woke, HeardWake)
        assert isinstance(end, HeardEnd)
        assert near_id == ""
        assert woke_id == end_id == kitchen.turns.asked[0].turn_id
        assert near.pcm.endswith(sound("n")[0])
        assert woke.pcm.endswith(sound("w")[0])
        (command,) = {b"".join(sound("oooocc"))} & {
            end.pcm[i : i + 19_200] for i in range(0, 16_000, 640)
        }
        assert command


# --- recognition ---------------------------------------------------------------------------------


async def test_what_is_no_command_is_transcribed() -> None:
    transcriber = ScriptedTranscriber("what is the weather like")
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        await kitchen.say("w....tttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates for each in kitchen.turns.asked] == [("what is the weather like",)]
        assert kitchen.transcripts[-1] == ("what is the weather like", True)
        assert b"".join(sound("tttt")) in transcriber.heard[0]
        assert "transcribed" in kitchen.milestones()


@pytest.mark.parametrize("said", [CALL, "w...hhh"])
async def test_a_command_needs_no_transcriber(said: str) -> None:
    transcriber = ScriptedTranscriber("something else")
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        await kitchen.say(said)
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert transcriber.heard == []


@pytest.mark.parametrize(
    "failure", [UnavailableError("The model was killed."), RuntimeError("a defect")]
)
async def test_a_transcriber_that_fails_costs_nobody_the_turn(failure: Exception) -> None:
    transcriber = ScriptedTranscriber(failure=failure)
    async with Kitchen(transcriber=transcriber).running() as kitchen:
        await kitchen.say("w....tttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert [each.candidates for each in kitchen.turns.asked] == [("what a lovely day",)]
        await kitchen.becomes("listening")
        await kitchen.say("w...sss")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert kitchen.speaker.said[-1] == "Sorry, I did not catch that."


async def test_a_transcriber_that_hears_nobody() -> None:
    async with Kitchen(transcriber=ScriptedTranscriber("")).running() as kitchen:
        await kitchen.say("w....tttt")
        await kitchen.until(lambda: "spoken" in kitchen.milestones())
        assert kitchen.speaker.said == ["Sorry, I did not catch that."]
        assert kitchen.turns.asked == []


async def test_another_recogniser_is_taken_up_between_turns() -> None:
    opened: list[KeptRecogniser] = []

    def opening(text: str) -> KeptRecogniser:
        opened.append(KeptRecogniser(text))
        return opened[-1]

    async with Kitchen(recogniser=lambda: opening("turn on the light")).running() as kitchen:
        await kitchen.say("w...cc")
        kitchen.loop.set_recogniser(lambda: opening("turn off the lights"))
        await kitchen.say("cc")
        await kitchen.until(lambda: "first_audio" in kitchen.milestones())
        assert len(opened) == 1
        await kitchen.becomes("following_up")
        assert [each.closed for each in opened] == [False]
        await kitchen.becomes("listening")
        await kitchen.say("..")
        assert [each.closed for each in opened] == [True, False]
        await kitchen.say("w...cc")
        await kitchen.until(lambda: kitchen.milestones().count("spoken") == 2)
        assert [each.candidates for each in kitchen.turns.asked] == [
            ("turn on the light",),
            ("turn off the lights",),
        ]


async def test_without_a_recogniser_it_says_why_it_is_deaf() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.becomes("listening")
        kitchen.loop.set_recogniser(None, "The vocabulary could not be built.")
        assert (await kitchen.becomes("deaf")).reason == "The vocabulary could not be built."
        with pytest.raises(UnavailableError, match="vocabulary"):
            await kitchen.loop.hear(frames(CALL), patience_s=0.1)
        with pytest.raises(UnavailableError, match="vocabulary"):
            kitchen.loop.listen()


async def test_a_language_that_nobody_recognises_is_the_reason_to_be_deaf() -> None:
    async with Kitchen(recogniser=None).running() as kitchen:
        await kitchen.until(lambda: "still learning" in (kitchen.loop.state.reason or ""))
        kitchen.health.set("recognition", "degraded", "Speech in “de” needs a model.")
        await kitchen.until(lambda: kitchen.loop.state.reason == "Speech in “de” needs a model.")
