"""The voice loop as a whole, with scripted engines and devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pichat.config.types import Voice
from pichat.errors import BusyError, ConfigError, UnavailableError
from pichat.events import VoiceHeard
from pichat.turn.listener import Listener
from pichat.turn.mouth import Sentences
from tests.support.recogniser import KeptRecogniser
from tests.turn.voice_parts import Kitchen, sound

CALL = ".w....sssss....."  # the wake word, a moment, a command
ONE_BREATH = ".wssssssss....."


async def frames(script: str) -> AsyncIterator[bytes]:
    for block in sound(script):
        yield block


def recogniser() -> KeptRecogniser:
    return KeptRecogniser("turn on the light", "turn on the right")


async def test_a_command_is_heard_run_and_answered() -> None:
    async with Kitchen().running() as kitchen:
        assert (await kitchen.becomes("deaf")).reason
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        await kitchen.becomes("listening")
        assert kitchen.states[-5:] == ["listening", "hearing", "thinking", "speaking", "listening"]
        assert kitchen.milestones == [
            "wake",
            "speech_start",
            "speech_end",
            "first_audio",
            "spoken",
        ]
        (utterance,) = kitchen.turns.asked
        assert utterance.candidates == ("turn on the light", "turn on the right")
        assert utterance.source == "voice"
        heard = [event for event in kitchen.events if isinstance(event, VoiceHeard)]
        assert {event.turn_id for event in heard} == {utterance.turn_id}
        assert kitchen.speaker.said == ["Turned on.", "The light is bright"]
        assert kitchen.speaker.chimes == 0
        assert kitchen.transcripts[-1] == ("turn on the light", True)
        assert [final for _, final in kitchen.transcripts].count(True) == 1
        assert ("1 half seconds", False) in kitchen.transcripts
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: kitchen.milestones.count("spoken") == 2)
        assert len(kitchen.turns.asked) == 2


async def test_the_end_of_speech_is_when_it_ended() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: "speech_end" in kitchen.milestones)
        at = {e.what: e.at_s for e in kitchen.events if isinstance(e, VoiceHeard)}
        # All frames came at the same moment here; sound time alone spreads the milestones.
        ended_ago_s = asyncio.get_running_loop().time() - at["speech_end"]
        assert 0.4 <= ended_ago_s < 2
        assert at["speech_start"] > at["speech_end"] - 0.9


async def test_the_feedback_sound_marks_each_waking_once() -> None:
    async with Kitchen(config=Voice()).running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        await _hear_all(kitchen, ".w....")
        assert kitchen.speaker.chimes == 1
        await asyncio.gather(*kitchen.loop._tasks)
        await _hear_all(kitchen, "sssss.....")
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        await kitchen.becomes("listening")
        assert kitchen.speaker.chimes == 1
        kitchen.microphone.say(ONE_BREATH)
        await kitchen.until(lambda: kitchen.milestones.count("spoken") == 2)
        assert kitchen.speaker.chimes == 2


async def test_its_own_feedback_sound_is_no_command() -> None:
    async with Kitchen(config=Voice()).running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.speaker.quick.clear()  # the feedback sound goes on
        await _hear_all(kitchen, ".w....")
        await _hear_all(kitchen, "ssss")
        assert kitchen.speaker.chimes == 1
        assert kitchen.milestones == ["wake"]
        kitchen.speaker.quick.set()
        kitchen.speaker.changed.set()
        await asyncio.gather(*kitchen.loop._tasks)
        await _hear_all(kitchen, "ssss.....")
        await kitchen.until(lambda: "spoken" in kitchen.milestones)


async def test_speech_that_is_nothing_gets_one_sentence_and_no_turn() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(KeptRecogniser())
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        await kitchen.becomes("listening")
        assert kitchen.speaker.said == ["Sorry, I did not catch that."]
        assert kitchen.transcripts[-1] == ("", True)
        assert kitchen.turns.asked == []


async def test_silence_after_the_wake_word_is_not_answered() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        await _hear_all(kitchen, "....w")
        for _ in range(7):
            await _hear_all(kitchen, "." * 9)
        await kitchen.until(lambda: "gave_up" in kitchen.milestones)
        await kitchen.becomes("listening")
        assert kitchen.speaker.said == []


async def test_a_television_is_capped_and_answered() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(KeptRecogniser())
        await kitchen.becomes("listening")
        kitchen.microphone.say("....w")
        for _ in range(8):
            await kitchen.becomes("hearing")
            await _hear_all(kitchen, "s" * 20)
            if "capped" in kitchen.milestones:
                break
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        assert "speech_end" not in kitchen.milestones
        assert kitchen.speaker.said == ["Sorry, I did not catch that."]


async def test_the_wake_word_interrupts_the_answer() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.speaker.quick.clear()
        kitchen.turns.hold.clear()
        kitchen.microphone.say(CALL)
        await kitchen.becomes("speaking")
        await kitchen.until(lambda: "first_audio" in kitchen.milestones)
        kitchen.microphone.say("ssssssss..ww")
        await kitchen.becomes("hearing")
        assert kitchen.speaker.stops == 1
        kitchen.speaker.quick.set()
        kitchen.turns.hold.set()
        kitchen.microphone.say("....ssssss.....")
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        assert kitchen.turns.cancelled == 1
        assert len(kitchen.turns.asked) == 2
        await kitchen.becomes("listening")


async def test_without_a_speaker_the_loop_goes_on() -> None:
    async with Kitchen(speaker=False).running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        for count in (1, 2):
            kitchen.microphone.say(CALL)
            await kitchen.until(lambda count=count: len(kitchen.turns.asked) == count)  # type: ignore[misc]
            await kitchen.becomes("listening")
        assert "first_audio" not in kitchen.milestones
        assert "speaking" not in kitchen.states
        assert kitchen.health.parts()["speaker"].reason == "No speaker is connected."


async def test_a_lost_microphone_makes_it_deaf_and_its_return_heals() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.microphone.say("....w...ss")
        await kitchen.becomes("hearing")
        kitchen.microphone.lose()
        assert (await kitchen.becomes("deaf")).reason == "The microphone was lost."
        await kitchen.becomes("listening")  # it was found again
        kitchen.microphone.say("....." + CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        assert len(kitchen.turns.asked) == 1


async def test_without_a_recogniser_it_says_why_it_is_deaf() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.loop.set_recogniser(None, "The vocabulary could not be built.")
        assert (await kitchen.becomes("deaf")).reason == "The vocabulary could not be built."
        with pytest.raises(UnavailableError, match="vocabulary"):
            await kitchen.loop.hear(frames(CALL), patience_s=0.1)


async def test_a_language_that_nobody_recognises_is_the_reason_to_be_deaf() -> None:
    async with Kitchen().running() as kitchen:
        await kitchen.until(lambda: "still learning" in (kitchen.loop.state.reason or ""))
        kitchen.health.set("recognition", "degraded", "Speech in “de” needs a model.")
        await kitchen.until(lambda: kitchen.loop.state.reason == "Speech in “de” needs a model.")


async def test_a_failing_turn_is_answered_and_the_next_one_works() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        kitchen.turns.failure = UnavailableError("The lamp is out.")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: kitchen.milestones.count("spoken") == 1)
        kitchen.turns.failure = RuntimeError("a defect")
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: kitchen.milestones.count("spoken") == 2)
        await kitchen.becomes("listening")
        kitchen.turns.failure = None
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: kitchen.milestones.count("spoken") == 3)
        assert kitchen.speaker.said[:2] == [
            "The lamp is out.",
            "Something went wrong; the log has more.",
        ]


async def test_a_recording_is_heard_without_a_microphone() -> None:
    async with Kitchen(microphone=False).running() as kitchen:
        hearing = asyncio.create_task(kitchen.loop.hear(frames(CALL)))
        await kitchen.until(lambda: "still learning" in (kitchen.loop.state.reason or ""))
        with pytest.raises(BusyError):
            await kitchen.loop.hear(frames(CALL))
        kitchen.loop.set_recogniser(recogniser())
        await hearing
        assert len(kitchen.turns.asked) == 1
        assert "spoken" in kitchen.milestones
        assert (await kitchen.becomes("deaf")).reason == "No microphone is connected."
        assert "listening" in kitchen.states


async def test_the_microphone_is_not_heard_during_a_recording() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        playing = asyncio.create_task(kitchen.loop.hear(frames("..")))
        await asyncio.sleep(0)
        kitchen.microphone.say(CALL)
        await playing
        assert kitchen.milestones == []


async def test_an_unusable_engine_is_named_as_the_reason() -> None:
    def broken() -> Listener:
        raise ConfigError("openWakeWord has no wake word “hey jarviz”.")

    async with Kitchen(listener=broken).running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.until(lambda: "jarviz" in (kitchen.loop.state.reason or ""))
        assert kitchen.loop.state.state == "deaf"
        assert kitchen.health.parts()["voice"].status == "degraded"


class Failing(KeptRecogniser):
    """Breaks at its first finish."""

    def finish(self) -> tuple[str, ...]:
        self.finish = super().finish  # type: ignore[method-assign]
        self._open = False
        raise RuntimeError("the decoder broke")


async def test_a_failing_engine_is_loaded_again() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(Failing("turn on the light"))
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.becomes("deaf")
        await kitchen.becomes("listening")
        kitchen.microphone.say(CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones)


async def test_a_recording_ends_with_a_sentence_when_an_engine_fails() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(Failing("turn on the light"))
        await kitchen.becomes("listening")
        with pytest.raises(UnavailableError, match="stopped while listening"):
            await kitchen.loop.hear(frames(".w" + "s" * 8 + "....."))


async def test_a_recording_that_is_broken_off_leaves_no_half_command() -> None:
    async with Kitchen().running() as kitchen:
        kitchen.loop.set_recogniser(recogniser())
        await kitchen.becomes("listening")
        hearing = asyncio.create_task(kitchen.loop.hear(frames("ws" * 50)))
        await kitchen.becomes("hearing")
        hearing.cancel()
        await kitchen.becomes("listening")
        await _hear_all(kitchen, CALL)
        await kitchen.until(lambda: "spoken" in kitchen.milestones)
        assert len(kitchen.turns.asked) == 1


@pytest.mark.parametrize(
    ("pieces", "sentences", "rest"),
    [
        (["It is 21.5 degrees. The ", "door is open"], ["It is 21.5 degrees."], "The door is open"),
        (["Done", ".", " Next!"], ["Done."], "Next!"),
        (["“Really?” he asked. "], ["“Really?", "he asked."], ""),
        (["灯が消えました。次"], ["灯が消えました。"], "次"),
        (["  "], [], ""),
    ],
)
def test_sentences(pieces: list[str], sentences: list[str], rest: str) -> None:
    cutter = Sentences()
    assert [sentence for piece in pieces for sentence in cutter.add(piece)] == sentences
    assert cutter.rest() == rest
    assert cutter.rest() == ""


async def _hear_all(kitchen: Kitchen, script: str) -> None:
    """Let the microphone hear `script`; return when the loop has dealt with all of it."""
    loop = asyncio.get_running_loop()
    taken = asyncio.Event()

    def take(_listener: Listener) -> None:
        loop.call_soon_threadsafe(taken.set)

    kitchen.microphone.say(script)
    for _ in range(2):  # what it sets off puts commands of its own
        taken.clear()
        kitchen.loop._ears.tell(take)
        async with asyncio.timeout(5):
            await taken.wait()
        await asyncio.sleep(0)
