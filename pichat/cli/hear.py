"""`pichat hear FILE.wav`: a recording goes into the running daemon as if somebody spoke it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from pichat.audio.pcm import BLOCK_S, SAMPLE_RATE_HZ
from pichat.cli.client import Connection, connect
from pichat.cli.context import finish, json_option, state_dir_option


async def _send(connection: Connection, sound: list[bytes]) -> str:
    """Stream the sound at the pace of speech, and return the id of the closing request."""
    form = {"sample_rate_hz": SAMPLE_RATE_HZ, "channels": 1, "station": "local"}
    await connection.send("listen_start", form)
    next_s = asyncio.get_running_loop().time()
    for block in sound:
        await connection.send_audio(block)
        next_s += BLOCK_S
        await asyncio.sleep(next_s - asyncio.get_running_loop().time())
    return await connection.send("listen_stop", {})


def _in_words(frame: dict[str, Any]) -> str | None:
    payload = frame.get("payload") or {}
    match frame.get("action"):
        case "transcript" if payload["final"]:
            return f"heard: {payload['text'] or '(nothing that is a home command)'}"
        case "turn_finished":
            return f"answer: {payload['text']}"
        case "voice_changed":
            return f"  {payload['state']}" + (f": {payload['reason']}" if payload["reason"] else "")
        case _:
            return None


def _read(file: Path) -> list[bytes]:
    """The recording in blocks of BLOCK_S."""
    from pichat.audio.wav import blocks, read_wav  # after the arguments are good: brings numpy

    return list(blocks(read_wav(file.read_bytes())))


async def _hear(state_dir: Path, file: Path, *, as_json: bool) -> int:
    sound = _read(file)
    async with connect(state_dir) as connection:
        await connection.ask("subscribe", {"topics": ["voice", "turns"]})
        sending = asyncio.create_task(_send(connection, sound))
        try:
            return await _follow(connection, sending, as_json=as_json)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _follow(connection: Connection, sending: asyncio.Task[str], *, as_json: bool) -> int:
    """Print what happens until all was listened to; the exit code."""
    spoken: set[str] = set()
    code = None
    async for frame in connection.frames():
        payload = frame.get("payload") or {}
        if frame["status"] == "error":
            click.echo(frame["error"], err=True)
            return 1
        if frame.get("action") == "transcript":
            spoken.add(payload["turn_id"])
        # Screens may be busy meanwhile: what they were answered is not the answer to the sound.
        elsewhere = frame.get("action") == "turn_finished" and payload["turn_id"] not in spoken
        if as_json:
            click.echo(json.dumps(frame, ensure_ascii=False))
        elif frame["status"] == "event" and not elsewhere and (line := _in_words(frame)):
            click.echo(line)
        if frame.get("action") == "turn_finished" and not elsewhere:
            code = 1 if payload.get("code") else 0
        if sending.done() and frame.get("request_id") == sending.result():
            break
    if not spoken and not as_json:
        click.echo("No command was heard. Say the wake word first.", err=True)
    return 1 if code is None else code


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@state_dir_option
def hear(file: Path, *, as_json: bool, state_dir: Path) -> None:
    """Play FILE (a WAV of any rate) into the running daemon as if spoken; it should begin with
    the wake word. Exit code 1 when nothing was done."""
    finish(_hear(state_dir, file, as_json=as_json))
