"""OpenAI's own package as the client of the house."""

import base64
import wave
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pichat.events import Image
from tests.gateway.fakes import World, running_world
from tests.support.wav import write_wav

pytestmark = pytest.mark.long  # it takes a second to load

PNG = b"\x89PNG\r\n\x1a\n and more"


async def test_a_conversation(tmp_path: Path) -> None:
    from openai import AsyncOpenAI

    async with (
        running_world(trust_loopback=False) as world,
        AsyncOpenAI(
            base_url=f"{world.url}/v1", api_key=await world.token("agent"), max_retries=0
        ) as client,
    ):
        light: Any = {"role": "user", "content": "turn on the Kitchen light"}
        whole = await client.chat.completions.create(model="pichat", messages=[light])
        assert whole.choices[0].message.content == "The Kitchen light is on."
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage is not None
        assert whole.usage.total_tokens == 0
        assert whole.model_extra is not None
        assert whole.model_extra["pichat"]["tools"][0]["name"] == "set_device_state"
        text, usage, tools = "", None, []
        stream = await client.chat.completions.create(
            model="pichat",
            messages=[light],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            usage = chunk.usage or usage
            tools += list((chunk.model_extra or {}).get("pichat", ()))
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
        assert text == "The Kitchen light is on."
        assert usage is not None
        assert tools == ["begun", "tool", "metadata"]
        await _others(client, world, tmp_path)


async def _others(client: object, world: World, tmp_path: Path) -> None:
    """What else its clients do."""
    from openai import AsyncOpenAI

    assert isinstance(client, AsyncOpenAI)
    assert [model.id async for model in client.models.list()] == ["pichat", "default", "scripted"]
    assert (await client.models.retrieve("scripted")).object == "model"
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    await client.chat.completions.create(
        model="scripted",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            }
        ],
    )
    assert world.turns.utterances[-1].images == (Image(media_type="image/png", data=PNG),)
    async with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="nova", input="Hello", response_format="wav"
    ) as sound:
        with wave.open(BytesIO(b"".join([piece async for piece in sound.iter_bytes()]))) as file:
            assert file.getframerate() == 22_050
    clip = write_wav(tmp_path / "clip.wav", bytes(2 * 8000), 8000)
    with clip.open("rb") as file:
        written = await client.audio.transcriptions.create(model="whisper-1", file=file)
    assert written.text == "1 seconds"


async def test_failures_are_those_that_it_knows() -> None:
    import openai

    async with running_world(trust_loopback=False) as world:
        key = await world.token("agent")
        async with openai.AsyncOpenAI(
            base_url=f"{world.url}/v1", api_key=key, max_retries=0
        ) as client:

            async def ask(text: str, model: str = "pichat", **more: Any) -> Any:
                said: Any = {"role": "user", "content": text}
                return await client.chat.completions.create(
                    model=model,
                    messages=[said],
                    **more,
                )

            with pytest.raises(openai.NotFoundError, match="no model “gpt-4o”"):
                await ask("hm", "gpt-4o")
            with pytest.raises(openai.UnprocessableEntityError, match="own tools"):
                await ask("hm", tool_choice="required")
            with pytest.raises(openai.InternalServerError, match="that thinks is not there"):
                await ask("fail")
            stream = await ask("crash", stream=True)
            with pytest.raises(openai.APIError, match="Something went wrong"):
                _ = [chunk async for chunk in stream]
            # Whoever stops reading ends the turn.
            stream = await ask("wait", stream=True)
            await world.turns.waiting.wait()
            await stream.close()
            await world.turns.ended.wait()
        async with openai.AsyncOpenAI(
            base_url=f"{world.url}/v1", api_key="sk-unknown", max_retries=0
        ) as stranger:
            with pytest.raises(openai.AuthenticationError, match="not known"):
                await stranger.models.list()
