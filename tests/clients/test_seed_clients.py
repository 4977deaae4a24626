"""Clients that were written for the seeds' backends work with PiChat as it is."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.clients.conftest import API_TOKEN
from tests.clients.http_front_end import ChatFrontEnd, IntegratedConversation
from tests.clients.socket_chat import RequestFailedError, open_chat
from tests.clients.web_interface import ServerError, WebInterface, open_interface
from tests.support.daemon import DaemonProcess, running_daemon
from tests.support.wav import write_wav

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_socket_of_seeds_000_and_003(daemon: DaemonProcess) -> None:
    async with open_chat(daemon.url) as client, open_chat(daemon.url) as other:
        answer = await client.chat("turn on the kitchen light")
        assert "kitchen light" in answer.text.lower()
        assert answer.final["text"] == answer.text
        assert answer.metadata["user_message"] == "turn on the kitchen light"
        assert answer.metadata.keys() >= {"provider", "model", "conversation_id"}
        assert answer.sequence == sorted(answer.sequence)

        on, off = await client.chat_many("turn on the hallway light", "turn off the bedroom light")
        assert ("hallway" in on.text.lower(), "bedroom" in off.text.lower()) == (True, True)

        spoken = await client.audio_stream("Hello.", "en-US-male")
        assert len(spoken.audio) > 10_000
        assert (spoken.metadata["language"], spoken.metadata["gender"]) == ("en-US", "male")

        await other.listen_for_commands()
        notice = await client.notify("Device status updated")
        await other.until_shown(1)
        assert other.shown == ["Device status updated"]
        assert len(notice["sent_to"]) == 1

        with pytest.raises(RequestFailedError, match=r"picture|image|draw"):
            await client.generate_image("a house")  # nobody here can, and that is said
        with pytest.raises(RequestFailedError, match="text"):
            await client.chat("")
        assert (await client.chat("turn off the kitchen light")).final["code"] is None


async def test_the_web_interface_of_seed_001(daemon: DaemonProcess, tmp_path: Path) -> None:
    async with open_interface(daemon.url, API_TOKEN) as client:
        before = len(await client.conversations())
        conversation_id = await client.create_conversation("New Conversation")
        (newest, *_) = found = await client.conversations()
        assert len(found) == before + 1
        assert (newest["id"], newest["title"]) == (conversation_id, "New Conversation")
        assert newest["last_message_at"]
        await client.rename(conversation_id, "New Title")
        assert (await client.conversation(conversation_id))["title"] == "New Title"

        done = await client.send_message(conversation_id, "turn on the bedroom light")
        assert "bedroom light" in str(done).lower()
        said = await client.messages(conversation_id)
        assert said[0]["content"] == "turn on the bedroom light"
        assert [each["role"] for each in said][:: len(said) - 1] == ["user", "assistant"]

        await client.update_settings("auto", "female", "polish")
        settings = await client.settings()
        assert settings["voice_settings"] == {"gender": "female", "accent": "polish"}

        audio, rate_hz = await client.text_to_speech("Good morning.", "female", "british")
        assert len(audio) > rate_hz
        wav = write_wav(tmp_path / "said.wav", audio, rate_hz).read_bytes()
        with pytest.raises(ServerError, match="voice is switched off"):
            await client.speech_to_text(wav)

        await client.delete(conversation_id)
        with pytest.raises(ServerError, match="conversation"):
            await client.conversation(conversation_id)
        with pytest.raises(ServerError, match="WAV"):
            await client.speech_to_text(b"x")


@pytest.mark.long
async def test_speech_of_seed_001(tmp_path: Path) -> None:
    server = {"port": 0, "api_token": API_TOKEN}
    async with (
        running_daemon(tmp_path, server=server, voice={"enabled": True}) as daemon,
        open_interface(daemon.url, API_TOKEN) as client,
    ):
        sentence = "turn on the kitchen light"
        audio, rate_hz = await client.text_to_speech(sentence, "female", "american")
        wav = write_wav(tmp_path / "said.wav", audio, rate_hz).read_bytes()
        assert "kitchen light" in await _understood(client, wav)


async def _understood(client: WebInterface, wav: bytes) -> str:
    """What is said, once the daemon knows the names of the house."""
    async with asyncio.timeout(100):
        while True:
            try:
                return await client.speech_to_text(wav)
            except ServerError as error:
                assert "still learning" in str(error)
                await client.text_to_speech("Not yet.", "male", "british")


async def test_the_conversation_of_seed_002(daemon: DaemonProcess) -> None:
    spoken: list[str] = []
    heard: list[tuple[str, bool]] = []
    states: list[str] = []
    idle = asyncio.Event()

    def on_state(state: str) -> None:
        states.append(state)
        if state == "idle" and "thinking" in states:
            idle.set()

    async with aiohttp.ClientSession(daemon.url) as http:
        client = IntegratedConversation(
            http, spoken.append, lambda text, final: heard.append((text, final)), on_state
        )
        await client.start("You are a helpful assistant")
        assert client.session_id in await client.sessions()
        answer = await client.send_message("turn on the kitchen light")
        assert "kitchen light" in answer["response"].lower()

        async with asyncio.timeout(10):
            await idle.wait()
        # What was missed while nobody listened comes with the next connection, and nothing twice.
        await client.disconnect()
        assert (heard, "".join(spoken)) == (
            [("turn on the kitchen light", True)],
            answer["response"],
        )
        missed = await client.send_message("turn off the kitchen light")
        await client.connect()
        assert (await client.info())["session_id"] == client.session_id
        await client.stop()
        assert "".join(spoken) == answer["response"] + missed["response"]
        assert {"thinking", "speaking", "idle"} <= set(states)
        assert client.session_id not in await client.sessions()


async def test_the_front_end_of_seed_004(daemon: DaemonProcess) -> None:
    async with aiohttp.ClientSession(daemon.url) as http:
        client = ChatFrontEnd(http, "svelte")
        assert "kitchen light" in (await client.chat("turn on the kitchen light")).lower()
        told = (await client.get(f"/api/chat/generation/{client.generation_id}"))["data"]
        assert (told["id"], told["provider_name"]) == (client.generation_id, "intents")
        assert told.keys() >= {"tokens_prompt", "tokens_completion", "total_cost"}
        await client.clear()

        await client.put_llm(temperature=0.3)
        await client.save_preset("calm")
        await client.put_llm(temperature=0.9)
        await client.apply_preset("calm")
        kept = await client.get("/api/clients/svelte")
        assert kept["llm"]["temperature"] == 0.3
        assert [
            each["name"] for each in (await client.get("/api/clients/svelte/presets"))["presets"]
        ] == ["calm"]
        for path in ("/health", "/api/models", "/api/models/metadata", "/api/suggestions"):
            assert await client.get(path)
