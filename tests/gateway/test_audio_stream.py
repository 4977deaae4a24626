"""A text said with a voice that is named in one word, and the other names of speech's fields."""

import base64
from pathlib import Path

import pytest

from pichat.config.types import Style
from pichat.gateway.voice_names import NamedVoice, read_voice
from tests.gateway.fakes import World
from tests.gateway.screen import Screen
from tests.support.wav import write_wav


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("en-US-male", NamedVoice(language="en-US", gender="male")),
        ("Male_en_us", NamedVoice(language="en-US", gender="male")),
        ("scottish woman", NamedVoice(accent="scottish", gender="female")),
        ("Polish", NamedVoice(accent="polish")),
        ("es-419", NamedVoice(language="es-419")),
        ("pl-PL-ZofiaNeural", NamedVoice(language="pl-PL", unknown=("ZofiaNeural",))),
        ("xx-YY-male", NamedVoice(gender="male", unknown=("xx", "YY"))),
        ("alloy", NamedVoice(unknown=("alloy",))),
        (" -- ", NamedVoice()),
    ],
)
def test_a_voice_in_one_word(name: str, means: NamedVoice) -> None:
    assert read_voice(name) == means


async def test_sound_is_streamed_with_that_voice(world: World, screen: Screen) -> None:
    payload = {"text": "Dinner.", "voice": "en-US-Guy-male"}
    frames = await screen.until_last(await screen.send("audio_stream", payload))
    assert [each["status"] for each in frames] == ["processing", "chunk", "complete"]
    assert frames[0]["chunk"]["metadata"] == {
        "language": "en-US",
        "gender": "male",
        "accent": None,
        "unknown": ["Guy"],
    }
    assert len(base64.b64decode(frames[1]["chunk"]["data"])) == 4410 * 7
    assert frames[1]["chunk"]["metadata"]["sample_rate_hz"] == 22_050
    assert frames[2]["payload"] == {"seconds": 0.7}
    assert world.clips.styles == [("en-US", Style(gender="male"))]
    await screen.send("audio_stream", {"text": "x", "binary": True})
    assert (await screen.receive())["chunk"]["metadata"]["language"] is None
    assert (await screen.receive())["chunk"]["metadata"]["binary"] is True
    assert len(await screen.socket.receive_bytes()) == 4410


async def test_a_recording_may_be_called_audio_data(screen: Screen, tmp_path: Path) -> None:
    write_wav(tmp_path / "clip.wav", bytes(32_000), 16_000)
    data = base64.b64encode((tmp_path / "clip.wav").read_bytes()).decode()
    reply = await screen.ask("speech_to_text", {"audio_data": data})
    assert reply["payload"]["text"] == "1 seconds"
    reply = await screen.ask("speech_to_text", {})
    assert "lacks the field “data”" in reply["error"]
