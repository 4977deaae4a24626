"""A client of seed 001, from its document alone: frames of action and payload without any request
id, so that answers are told apart by their action, one after the other."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Frame = dict[str, Any]


class ServerError(Exception):
    """A frame whose action is `error`."""


class WebInterface:
    """Conversations, messages, settings and speech of one user. `token`: the API_TOKEN."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    # --- conversations ---------------------------------------------------------------------

    async def conversations(self) -> list[Frame]:
        """Each with id, title and last_message_at."""
        await self._socket.send_str('{ "action": "get_conversations" }')
        reply = await self._reply("conversations_list")
        found: list[Frame] = reply["conversations"]
        return found

    async def create_conversation(self, title: str) -> str:
        """Its id."""
        await self._send("create_conversation", {"title": title})
        return str((await self._reply("conversation_created"))["id"])

    async def conversation(self, conversation_id: str) -> Frame:
        await self._send("get_conversation", {"id": conversation_id})
        return await self._reply("conversation")

    async def rename(self, conversation_id: str, title: str) -> None:
        await self._send("update_conversation", {"id": conversation_id, "title": title})
        await self._reply("conversation_updated")

    async def delete(self, conversation_id: str) -> None:
        await self._send("delete_conversation", {"id": conversation_id})
        await self._reply("conversation_deleted")

    # --- messages --------------------------------------------------------------------------

    async def send_message(self, conversation_id: str, content: str) -> Frame:
        """The last frame of the answer."""
        payload = {"conversation_id": conversation_id, "content": content, "is_audio": False}
        await self._send("send_message", payload)
        while True:
            frame = await self._receive()
            if frame["status"] == "complete":
                done: Frame = frame["payload"]
                return done

    async def messages(self, conversation_id: str) -> list[Frame]:
        await self._send("get_messages", {"conversation_id": conversation_id})
        found: list[Frame] = (await self._reply("messages_list"))["messages"]
        return found

    # --- settings --------------------------------------------------------------------------

    async def settings(self) -> Frame:
        await self._socket.send_str('{ "action": "get_settings" }')
        return await self._reply("settings")

    async def update_settings(self, model: str, gender: str, accent: str) -> Frame:
        voice = {"gender": gender, "accent": accent}
        await self._send("update_settings", {"selected_model": model, "voice_settings": voice})
        return await self._reply("settings_updated")

    # --- speech ----------------------------------------------------------------------------

    async def text_to_speech(self, text: str, gender: str, accent: str) -> tuple[bytes, int]:
        """Samples, and how many of them make a second."""
        payload = {"text": text, "voice_gender": gender, "voice_accent": accent}
        await self._send("text_to_speech", payload)
        audio, rate_hz = b"", 0
        while True:
            frame = await self._receive()
            if frame["status"] == "complete":
                return audio, rate_hz
            if frame["status"] == "chunk":
                audio += base64.b64decode(frame["chunk"]["data"])
                rate_hz = frame["chunk"]["metadata"]["sample_rate_hz"]

    async def speech_to_text(self, wav: bytes) -> str:
        await self._send("speech_to_text", {"audio_data": base64.b64encode(wav).decode()})
        return str((await self._reply("speech_to_text"))["text"])

    # --- the wire --------------------------------------------------------------------------

    async def _send(self, action: str, payload: Frame) -> None:
        await self._socket.send_str(json.dumps({"action": action, "payload": payload}))

    async def _receive(self) -> Frame:
        """Raises ServerError."""
        frame: Frame = json.loads(await self._socket.receive_str(timeout=20))
        if frame["action"] == "error":
            raise ServerError(frame["payload"]["message"])
        return frame

    async def _reply(self, action: str) -> Frame:
        """The payload of the next frame, which has to be that."""
        frame = await self._receive()
        assert frame["action"] == action, frame
        payload: Frame = frame["payload"]
        return payload


@asynccontextmanager
async def open_interface(url: str, token: str) -> AsyncIterator[WebInterface]:
    """`url`: of the server, such as http://127.0.0.1:8080; `token`: its API_TOKEN."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(f"{url.replace('http', 'ws', 1)}/ws") as socket,
    ):
        yield WebInterface(socket)
