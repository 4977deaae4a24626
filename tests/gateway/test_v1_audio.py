"""Speech in OpenAI's form."""

import struct
import wave
from collections.abc import AsyncIterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest

from pichat.audio.encode import encoder, formats
from pichat.audio.wav import read_wav
from pichat.errors import UnavailableError
from tests.gateway.fakes import World
from tests.gateway.http import Http, Json, connected
from tests.support.wav import write_wav

SPEECH, WRITING = "/v1/audio/speech", "/v1/audio/transcriptions"
HAS_AV = find_spec("av") is not None


@pytest.fixture
async def http(world: World) -> AsyncIterator[Http]:
    async with connected(world.url) as client:
        yield client


async def spoken(http: Http, **body: object) -> tuple[str, bytes]:
    """The media type and the sound."""
    async with http.open("POST", SPEECH, {"input": "Hello", "model": "tts-1", **body}) as response:
        assert response.status == 200, await response.text()
        return response.content_type, await response.read()


async def test_a_text_is_said(world: World, http: Http) -> None:
    kind, wav = await spoken(http, response_format="wav", voice="nova", speed=1.5)
    assert kind == "audio/wav"
    with wave.open(BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22_050, 1, 2)
    assert wav[44:] == bytes(4410 * 5)
    assert len(read_wav(wav)) == 16_000  # half a second: a reader does not mind the length
    kind, pcm = await spoken(http, response_format="pcm")
    assert (kind, len(pcm)) == ("audio/pcm", 24_000)
    language, style = world.clips.styles[0]
    assert (language, style.gender, style.rate) == (None, "female", 1.5)


@pytest.mark.parametrize(
    ("voice", "gender", "accent"),
    [
        ("alloy", None, None),
        ("onyx", "male", None),
        ("female-scottish", "female", "scottish"),
        ("British Male", "male", "british"),
        ("new york", None, "new york"),
        ({"id": "sage"}, "female", None),
        ("default", None, None),
        ("", None, None),
    ],
)
async def test_voices(
    world: World, http: Http, voice: object, gender: str | None, accent: str | None
) -> None:
    await spoken(http, response_format="pcm", voice=voice)
    ((_, style),) = world.clips.styles
    assert (style.gender, style.accent) == (gender, accent)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"response_format": "m4a"}, 400, "response_format"),
        ({"speed": 4}, 400, "from 0.5 to 2.0 times"),
        ({"input": ""}, 400, "input"),
        ({"voice": "piper:nothing"}, 400, "Piper voice"),
        ({"voice": "x" * 41}, 400, "voice"),
        ({"stream_format": "sse"}, 422, "stream_format"),
    ],
)
async def test_what_cannot_be_said(http: Http, body: Json, status: int, told: str) -> None:
    found, refused = await http.ask("POST", SPEECH, {"input": "Hello", **body})
    assert (found, refused["error"]["type"]) == (status, "invalid_request_error")
    assert told in refused["error"]["message"]


async def test_a_voice_that_fails_is_an_error_and_not_a_file(world: World, http: Http) -> None:
    world.clips.error = UnavailableError("It has no voice.")
    status, refused = await http.ask("POST", SPEECH, {"input": "Hello", "response_format": "wav"})
    assert (status, refused["error"]["message"]) == (503, "It has no voice.")


def test_sound_that_goes_up_and_down_in_wav_and_pcm() -> None:
    tone = (np.sin(np.arange(22_050) / 10) * 8000).astype(np.int16).tobytes()
    for name, samples in (("wav", 22_050), ("pcm", 24_000)):
        made = encoder(name, 22_050)
        halves = [made.add(tone[:20_000]), made.add(tone[20_000:]), made.finish()]
        sound = b"".join(halves)[44 if name == "wav" else 0 :]
        assert len(sound) == samples * 2
        assert max(struct.unpack(f"<{samples}h", sound)) > 7000
    with pytest.raises(ValueError, match="no encoder"):
        encoder("m4a", 22_050)


@pytest.mark.skipif(not HAS_AV, reason="PyAV is not installed")
@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "flac"])
def test_compressed_sound_is_read_by_others(name: str) -> None:
    import av

    tone = (np.sin(np.arange(22_050) / 10) * 8000).astype(np.int16).tobytes()
    made = encoder(name, 22_050)
    pieces = [made.add(tone[at : at + 4410]) for at in range(0, len(tone), 4410)]
    assert any(pieces[:-1])  # it comes while it is made
    sound = b"".join([*pieces, made.finish()])
    file: Any
    with av.open(BytesIO(sound)) as file:
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert seconds == pytest.approx(1, abs=0.15)


async def test_without_a_format_it_is_what_openais_clients_expect(http: Http) -> None:
    kind, _ = await spoken(http)
    assert kind == ("audio/mpeg" if "mp3" in formats() else "audio/wav")


# --- writing down --------------------------------------------------------------------------


async def written(http: Http, wav: bytes | None, **fields: str) -> tuple[int, str]:
    form = aiohttp.FormData(default_to_multipart=True)
    if wav is not None:
        form.add_field("file", BytesIO(wav), filename="clip.wav", content_type="audio/wav")
    for name, value in {"model": "whisper-1", **fields}.items():
        form.add_field(name, value)
    async with http.session.post(f"{http.url}{WRITING}", data=form) as response:
        return response.status, await response.text()


async def test_what_is_said_is_written_down(http: Http, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "clip.wav", bytes(2 * 2 * 44_100), 44_100, 2).read_bytes()
    assert await written(http, wav) == (200, '{"text":"1 seconds"}')
    assert await written(http, wav, response_format="text") == (200, "1 seconds\n")
    status, text = await written(http, wav, response_format="verbose_json")
    assert status == 200
    for told in ('"duration":1.0', '"engine":"home"', '"task":"transcribe"', '"end":1.0'):
        assert told in text


async def test_what_cannot_be_written_down(http: Http, tmp_path: Path) -> None:
    long = write_wav(tmp_path / "long.wav", bytes(2 * 8000 * 31), 8000).read_bytes()
    for wav, fields, status, told in (
        (None, {}, 400, "lacks the “file”"),
        (b"ID3 no wav", {}, 400, "not a WAV"),
        (long, {}, 400, "longer than 30 s"),
        (long, {"response_format": "srt"}, 422, "verbose_json"),
        (long, {"stream": "true"}, 422, "stream"),
        (bytes(13 * 1024 * 1024), {}, 413, "12 MiB"),
        (long, {"prompt": "x" * 20_000}, 413, "“prompt”"),
    ):
        found, text = await written(http, wav, **fields)
        assert (found, told in text) == (status, True), text
    status, refused = await http.ask("POST", WRITING, {"file": "x"})
    assert (status, refused["error"]["type"]) == (400, "invalid_request_error")
    async with http.session.post(
        f"{http.url}{WRITING}",
        data=b"--x\r\nno form at all",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    ) as response:
        assert response.status == 400
    async with http.session.post(
        f"{http.url}{WRITING}", data=b"x", headers={"Content-Type": "multipart/form-data"}
    ) as response:
        assert response.status == 400
