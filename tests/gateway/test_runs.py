import asyncio
import base64
import time

import pytest

from pichat.audio.pcm import SAMPLE_RATE_HZ
from pichat.audio.wav import read_wav
from pichat.errors import UnavailableError
from pichat.events import Transcript, VoiceHeard
from tests.gateway.fakes import World
from tests.gateway.screen import DEADLINE_S, Frame, Screen


async def spoken(world: World, screen: Screen, turn_id: str = "t") -> None:
    """A run that is told on the bus, and written down."""
    world.bus.publish(
        VoiceHeard(turn_id=turn_id, what="wake", at_s=time.monotonic(), detail="hey_jarvis")
    )
    world.bus.publish(Transcript(turn_id=turn_id, text="turn on the light", final=True))
    async with asyncio.timeout(DEADLINE_S):
        while not (found := world.runs.newest(1)) or found[0].turn_id != turn_id:
            await screen.still_there()


async def test_runs_are_listed_newest_first(world: World, screen: Screen) -> None:
    assert (await screen.ask("get_runs"))["payload"] == {"runs": []}
    for turn_id in ("a", "b", "c"):
        await spoken(world, screen, turn_id)
    reply = await screen.ask("get_runs", {"limit": 2})
    assert [run["turn_id"] for run in reply["payload"]["runs"]] == ["c", "b"]
    run = reply["payload"]["runs"][0]
    assert (run["woken_by"], run["heard"]) == ("hey_jarvis", "turn on the light")
    assert [event["what"] for event in run["events"]] == ["wake", "transcript"]
    assert (await screen.ask("get_runs", {"limit": 0}))["payload"]["code"] == "bad_request"


async def test_the_sound_of_a_run(world: World, screen: Screen) -> None:
    await spoken(world, screen)
    reply = await screen.ask("get_run_audio", {"turn_id": "t"})
    assert reply["payload"]["code"] == "not_found"
    assert "keep_audio: [runs]" in reply["error"]
    world.runs.keep("t", bytes(SAMPLE_RATE_HZ))
    payload = (await screen.ask("get_run_audio", {"turn_id": "t"}))["payload"]
    assert (payload["format"], payload["seconds"]) == ("wav", 0.5)
    assert read_wav(base64.b64decode(payload["data"])) == bytes(SAMPLE_RATE_HZ)


@pytest.mark.parametrize(
    ("action", "payload", "pressed", "state"),
    [
        ("set_mute", {"muted": True}, "mute True", "muted"),
        ("set_mute", {"muted": False}, "mute False", "listening"),
        ("stop_speaking", {}, "interrupt", "listening"),
        ("start_listening", {}, "listen", "hearing"),
    ],
)
async def test_buttons(
    world: World, screen: Screen, action: str, payload: Frame, pressed: str, state: str
) -> None:
    reply = await screen.ask(action, payload)
    assert reply["payload"]["voice"]["state"] == state
    assert world.voice.pressed == [pressed]


async def test_nothing_can_be_heard_when_deaf(world: World, screen: Screen) -> None:
    world.voice.error = UnavailableError("There is no microphone.")
    assert (await screen.ask("start_listening"))["error"] == "There is no microphone."
    assert (await screen.ask("set_mute"))["payload"]["code"] == "bad_request"
