"""The record of spoken runs, from the events of a real bus."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from pichat.bus import Bus
from pichat.errors import NotFoundError
from pichat.events import (
    AnswerHeard,
    DeviceOutcome,
    Event,
    Milestone,
    Source,
    ToolCall,
    ToolResult,
    Transcript,
    TurnFinished,
    TurnStarted,
    TurnText,
    TurnTool,
    VoiceHeard,
    WakeScored,
)
from pichat.turn.draft import MAX_EVENTS
from pichat.turn.run import Run
from pichat.turn.runs import KEPT_RUNS, LONGEST_SOUND_S, Runs


class Kitchen:
    """A bus that is spoken on, and the record of it."""

    def __init__(self, *, keeps_audio: bool = False) -> None:
        self.bus = Bus()
        self.runs = Runs(self.bus, keeps_audio=keeps_audio)
        self.began_s = asyncio.get_running_loop().time()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def tell(self, *events: Event) -> None:
        for event in events:
            self.bus.publish(event)
        await self.settle()

    def heard(
        self, what: Milestone, ms: float, detail: str = "", turn: str = "t", **scores: float
    ) -> VoiceHeard:
        at_s = self.began_s + ms / 1000
        return VoiceHeard(turn_id=turn, what=what, at_s=at_s, detail=detail, scores=scores)

    def tool(self, ms: float, turn: str = "t", outcomes: int = 1, **arguments: object) -> TurnTool:
        outcome = DeviceOutcome(
            device_id="1", device_name="Kitchen light", capability="on_off", state=True
        )
        return TurnTool(
            turn_id=turn,
            call=ToolCall(name="set_device_state", arguments=arguments),
            result=ToolResult(outcomes=(outcome,) * outcomes),
            started_s=self.began_s + ms / 1000,
            duration_ms=43.21,
        )

    def newest(self) -> Run:
        return self.runs.newest(1)[0]


@pytest.fixture
async def kitchen() -> AsyncIterator[Kitchen]:
    kitchen = Kitchen()
    serving = asyncio.create_task(kitchen.runs.serve())
    await kitchen.settle()
    yield kitchen
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


def started(turn: str = "t", source: Source = "voice") -> TurnStarted:
    return TurnStarted(
        turn_id=turn, conversation_id="c", source=source, text="turn on", provider="intents"
    )


def finished(turn: str = "t", text: str = "The light is on.", code: str | None = None) -> Event:
    return TurnFinished(
        turn_id=turn,
        conversation_id="c",
        text=text,
        provider="intents",
        code=code,
        retryable=False,
        timings_ms={},
    )


async def test_a_command_from_the_wake_to_the_last_word(kitchen: Kitchen) -> None:
    await kitchen.tell(
        kitchen.heard("wake", 0, "hey_jarvis", micro=0.97, open=0.88),
        kitchen.heard("speech_start", 300),
        Transcript(turn_id="t", text="turn on", final=False),
        kitchen.heard("speech_end", 1200, "complete"),
        kitchen.heard("transcribed", 1300, "faster-whisper"),
        Transcript(turn_id="t", text="turn on the kitchen light", final=True),
        started(),
        kitchen.tool(1400, value=True),
        TurnText(turn_id="t", text="The light"),
        TurnText(turn_id="t", text=" is on."),
        finished(),
        kitchen.heard("first_audio", 1550),
        kitchen.heard("interrupted", 1900, "stop word"),
        AnswerHeard(turn_id="t", text="The light", whole=False),
    )
    run = kitchen.newest()
    assert (run.woken_by, run.scores) == ("hey_jarvis", {"micro": 0.97, "open": 0.88})
    assert (run.heard, run.recognised_by) == ("turn on the kitchen light", "faster-whisper")
    assert (run.ended_by, run.interrupted_by) == ("complete", "stop word")
    assert (run.answer, run.answer_heard, run.whole) == ("The light is on.", "The light", False)
    assert (run.radio_ms, run.first_audio_ms) == (200, 350)
    (tool,) = run.tools
    assert (tool.at_ms, tool.duration_ms, tool.arguments) == (1400, 43.2, '{"value":true}')
    assert tool.outcomes[0].state is True
    stages = {stage.name: (stage.start_ms, stage.end_ms) for stage in run.stages}
    whole = {"wait": (0, 300), "speech": (300, 1200), "tool": (1400, 1443.2)}
    assert stages.items() >= {**whole, "answer": (1550, 1900)}.items()
    assert [event.what for event in run.events if event.what == "said"] == ["said"]
    assert run.events[0].what == "wake"


async def test_an_answer_that_was_cancelled_is_what_had_been_written(kitchen: Kitchen) -> None:
    await kitchen.tell(
        kitchen.heard("wake", 0, "hey_jarvis"),
        started(),
        TurnText(turn_id="t", text="Once upon "),
        TurnText(turn_id="t", text="a time"),
        finished(text="", code="cancelled"),
    )
    assert (kitchen.newest().answer, kitchen.newest().code) == ("Once upon a time", "cancelled")


async def test_what_heard_nothing_is_a_run(kitchen: Kitchen) -> None:
    await kitchen.tell(
        kitchen.heard("wake", 0, "button", turn="a"),
        kitchen.heard("gave_up", 6000, turn="a"),
        kitchen.heard("wake", 7000, "follow_up", turn="b"),
        kitchen.heard("speech_start", 7000, turn="b"),
        kitchen.heard("capped", 22000, "capped", turn="b"),
        Transcript(turn_id="b", text="", final=True),
    )
    capped, silent = kitchen.runs.newest(10)
    assert (silent.woken_by, silent.ended_by, silent.heard) == ("button", "gave_up", "")
    assert [(stage.name, stage.end_ms) for stage in silent.stages] == [("wait", 6000)]
    assert (capped.woken_by, capped.ended_by) == ("follow_up", "capped")


async def test_near_misses_are_told_and_push_nothing_out(kitchen: Kitchen) -> None:
    await kitchen.tell(kitchen.heard("wake", 0, "hey_jarvis"))
    for _ in range(50):
        await kitchen.tell(
            WakeScored(scores={"micro": {"alexa": 0.3}}),
            WakeScored(scores={"micro": {"alexa": 0.9}, "open": {"alexa": 0.1}}, near_miss="alexa"),
        )
    runs = kitchen.runs.newest(100)
    assert [run.kind for run in runs] == ["near_miss"] * 20 + ["spoken"]
    assert (runs[0].woken_by, runs[0].scores) == ("alexa", {"micro": 0.9, "open": 0.1})


async def test_a_station_that_stands_down_is_set_aside(kitchen: Kitchen) -> None:
    await kitchen.tell(
        VoiceHeard(turn_id="x", what="stood_down", at_s=kitchen.began_s, station="tablet")
    )
    assert (kitchen.newest().kind, kitchen.newest().station) == ("stood_down", "tablet")


async def test_what_was_typed_is_no_run(kitchen: Kitchen) -> None:
    await kitchen.tell(started(source="screen"), kitchen.tool(5), finished())
    assert kitchen.runs.newest(10) == ()


async def test_speech_into_an_answer_counts_from_its_first_word(kitchen: Kitchen) -> None:
    await kitchen.tell(
        Transcript(turn_id="no", text="mumble", final=False),
        Transcript(turn_id="t", text="no the", final=False),
    )
    assert kitchen.runs.newest(10) == ()
    soon_ms = 60_000  # after what was heard before
    await kitchen.tell(
        kitchen.heard("wake", soon_ms, "interruption"),
        kitchen.heard("speech_end", soon_ms, "silence"),
    )
    (run,) = kitchen.runs.newest(10)
    assert [event.what for event in run.events] == ["partial", "wake", "speech_end"]
    assert run.events[1].at_ms > 50_000


async def test_only_the_last_runs_are_kept_with_their_sound(kitchen: Kitchen) -> None:
    for number in range(30):
        kitchen.runs.keep(f"t{number}", bytes(64))
        await kitchen.tell(kitchen.heard("wake", number, "hey_jarvis", turn=f"t{number}"))
    runs = kitchen.runs.newest(100)
    assert [run.turn_id for run in runs] == [f"t{29 - number}" for number in range(KEPT_RUNS)]
    assert all(run.has_audio for run in runs)
    assert kitchen.runs.newest(3) == runs[:3]
    with pytest.raises(NotFoundError, match="no such run"):
        kitchen.runs.sound("t1")


async def test_a_run_is_bounded_and_keeps_its_end(kitchen: Kitchen) -> None:
    await kitchen.tell(kitchen.heard("wake", 0, "hey_jarvis"))
    for number in range(1000):
        await kitchen.tell(Transcript(turn_id="t", text=f"{number}" * 1000, final=False))
    for _ in range(1000):
        await kitchen.tell(TurnText(turn_id="t", text="x" * 100))
    await kitchen.tell(
        *(kitchen.tool(9, outcomes=40, x="y" * 100_000) for _ in range(40)),
        finished(text="z" * 100_000),
        kitchen.heard("first_audio", 70_000),
    )
    run = kitchen.newest()
    assert len(run.events) <= MAX_EVENTS
    assert run.dropped > 0
    assert "first_audio" in {event.what for event in run.events}
    assert max(len(event.text) for event in run.events) <= 500
    assert (len(run.tools), len(run.tools[0].outcomes), run.tools[0].more_outcomes) == (32, 20, 20)
    assert len(run.tools[0].arguments) == 500
    assert len(run.answer) == 2000


async def test_it_goes_on_after_too_many_events(kitchen: Kitchen) -> None:
    await kitchen.tell(kitchen.heard("wake", 0, "hey_jarvis"))
    for _ in range(5000):  # all at once: nobody else gets a turn in between
        kitchen.bus.publish(WakeScored(scores={}))
    await kitchen.settle()
    await kitchen.tell(kitchen.heard("gave_up", 100))
    run = kitchen.newest()
    assert [event.what for event in run.events if event.what != "lost"] == ["wake", "gave_up"]
    assert "lost" in {event.what for event in run.events}


async def test_sound_is_cut_and_its_lack_explained(kitchen: Kitchen) -> None:
    await kitchen.tell(kitchen.heard("wake", 0, "hey_jarvis"))
    with pytest.raises(NotFoundError, match=r"keep_audio: \[runs\]"):
        kitchen.runs.sound("t")
    kitchen.runs.keep("t", bytes(32_000 * 20))
    assert len(kitchen.runs.sound("t")) == 32_000 * LONGEST_SOUND_S
    asking = Kitchen(keeps_audio=True)
    serving = asyncio.create_task(asking.runs.serve())
    await asking.settle()
    await asking.tell(asking.heard("wake", 0, "hey_jarvis"))
    with pytest.raises(NotFoundError, match="no command was taken in"):
        asking.runs.sound("t")
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
