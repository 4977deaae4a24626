"""The daemon thinks: with a model on this machine, with the cloud down, and with nobody at all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from pichat.cli.client import Connection, connect
from scripts.tiny_gguf import write_tiny_gguf
from tests.support.daemon import DaemonProcess, chat, pichat, running_daemon

pytestmark = pytest.mark.asyncio(loop_scope="module")
SAYS = ("It ", "is ", "a ", "fine ", "day.")
NOBODY = "http://127.0.0.1:9/v1"  # the discard port: nobody listens there
CLOUD = {"kind": "openai", "model": "large", "url": NOBODY}


def llm(folder: Path) -> dict[str, Any]:
    write_tiny_gguf(folder / "tiny.gguf", says=SAYS)
    return {"local": {"model": str(folder / "tiny.gguf")}, "providers": {"away": CLOUD}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def thinking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DaemonProcess]:
    folder = tmp_path_factory.mktemp("thinking")
    profiles = {"curious": {"chain": ["away", "intents", "local"], "may_use_cloud": True}}
    async with running_daemon(folder, llm=llm(folder), profiles=profiles) as daemon:
        yield daemon


@pytest_asyncio.fixture(loop_scope="module")
async def screen(thinking: DaemonProcess) -> AsyncIterator[Connection]:
    async with connect(thinking.state_dir) as connection:
        yield connection


async def test_the_model_of_this_machine_answers_and_it_is_kept(screen: Connection) -> None:
    done = await chat(screen, "tell me about the weather")
    assert (done["text"], done["provider"], done["model"]) == (
        "It is a fine day.",
        "local",
        "tiny",
    )
    assert done["usage"]["output_tokens"] >= len(SAYS)
    kept = await screen.ask("get_messages", {"conversation_id": done["conversation_id"]})
    assert [each["role"] for each in kept["messages"]] == ["user", "assistant"]
    again = await chat(screen, "and tomorrow")
    assert again["usage"]["cached_tokens"] > 0.8 * again["usage"]["input_tokens"]


async def test_a_command_still_needs_nobody(screen: Connection) -> None:
    done = await chat(screen, "turn on the kitchen light")
    assert (done["provider"], done["code"], done["usage"]) == ("intents", None, {})


async def test_when_the_cloud_is_down_the_next_one_answers(screen: Connection) -> None:
    """The chain has the intents in its middle, and they come before the model of this machine."""
    asked = {"text": "turn on the hallway light", "profile": "curious"}
    done = await screen.ask("chat", asked)
    assert (done["provider"], done["code"]) == ("intents", None)
    assert [(each["provider"], each["code"]) for each in done["tried"]] == [
        ("away", "model_failed")
    ]
    thought = await screen.ask("chat", {"text": "what do you think", "profile": "curious"})
    assert (thought["provider"], thought["text"]) == ("local", "It is a fine day.")


async def test_a_profile_is_changed_for_the_next_turn(
    screen: Connection, thinking: DaemonProcess
) -> None:
    await screen.ask("update_profile", {"name": "default", "settings": {"chain": ["intents"]}})
    try:
        assert (await chat(screen, "tell me about the weather"))["code"] == "not_understood"
    finally:
        code, _, err = await pichat(
            thinking.state_dir, "profiles", "set", "default", "--reset", "chain"
        )
        assert code == 0, err
    assert (await chat(screen, "tell me about the weather"))["provider"] == "local"


async def test_a_door_is_unlocked_after_a_yes_by_voice_screen_or_shell(
    screen: Connection, thinking: DaemonProcess
) -> None:
    await screen.ask("subscribe", {"topics": ["questions"]})
    asked = await chat(screen, "unlock the front door")
    assert asked["text"] == "Shall I unlock the front door?"
    assert (await thinking.simulator.values("front-door-lock"))["locked"] is True
    [question] = (await screen.ask("get_questions", {}))["questions"]
    done = await screen.ask("confirm", {"id": question["id"], "yes": True})
    assert [each["error"] for each in done["outcomes"]] == [None]
    assert (await thinking.simulator.values("front-door-lock"))["locked"] is False
    await chat(screen, "lock the front door")
    await pichat(thinking.state_dir, "say", "unlock the front door")
    code, out, _ = await pichat(thinking.state_dir, "say", "no thanks")
    assert (code, out.strip()) == (0, "All right, I leave it.")
    assert (await thinking.simulator.values("front-door-lock"))["locked"] is True


@pytest.mark.long
async def test_any_device_can_ask_first(screen: Connection, thinking: DaemonProcess) -> None:
    """Before it opens; closing is free, and so is opening what is open already."""
    marked = await pichat(thinking.state_dir, "name", "living room blinds", "--ask")
    assert "asks before" in marked[1]
    assert (await chat(screen, "close the living room blinds"))["code"] is None
    asked = await chat(screen, "open the living room blinds")
    assert asked["text"] == "Shall I open the living room blinds?"
    assert (await thinking.simulator.values("living-room-blinds"))["position"] == 0
    assert (await chat(screen, "yes"))["code"] is None
    assert (await thinking.simulator.values("living-room-blinds"))["position"] == 100
    code, out, _ = await pichat(thinking.state_dir, "name", "living room blinds", "--no-ask")
    assert (code, "asks" in out) == (0, False)


async def test_cancelling_a_thought_keeps_what_was_said(screen: Connection) -> None:
    request_id = await screen.send("chat", {"text": "say a lot", "conversation_id": "cut"})
    await screen.send("cancel", {"request_id": request_id})
    async for frame in screen.frames():
        if frame.get("request_id") == request_id and frame["status"] in ("error", "complete"):
            break
    assert (await chat(screen, "tell me about the weather"))["text"] == "It is a fine day."


@pytest.mark.long
async def test_a_restart_does_not_pay_again(tmp_path: Path) -> None:
    models = llm(tmp_path)
    for cached in (False, True):
        async with running_daemon(tmp_path, llm=models) as daemon:
            async with connect(daemon.state_dir) as connection:
                done = await chat(connection, "tell me about the weather")
            share = done["usage"]["cached_tokens"] / done["usage"]["input_tokens"]
            assert (share > 0.8) is cached


@pytest.mark.long
async def test_without_network_and_model_one_sentence_comes_at_once(tmp_path: Path) -> None:
    settings = {"providers": {"away": CLOUD}}
    profiles = {"default": {"may_use_cloud": True}}
    async with (
        running_daemon(tmp_path, llm=settings, profiles=profiles) as daemon,
        connect(daemon.state_dir) as connection,
    ):
        started_s = time.monotonic()
        async with asyncio.timeout(5):
            done = await chat(connection, "what is the meaning of life")
        assert time.monotonic() - started_s < 1
        assert done["text"] == "I can only do commands for the house: away does not answer."
        assert done["code"] == "unavailable"
        health = await connection.ask("get_health", {})
        assert health["status"] in ("ok", "degraded")
        assert (await chat(connection, "turn on the kitchen light"))["code"] is None
