"""A real peer for the `openai` adapter: llama-cpp-python's own server, with a model of no size."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from pichat.config.types import CloudModel, ModelParameters, Secret
from pichat.llm.base import CallDelta, Ended, Message, Request, TextDelta
from pichat.llm.errors import ModelFailedError, ModelRefusedError
from pichat.llm.openai import create
from scripts.tiny_gguf import write_tiny_gguf
from tests.llm.cloud.peer import KEY, all_of
from tests.llm.cloud.talk import CLOCK, SWITCH, after, answered

pytestmark = pytest.mark.long

SAYS = ("Good", " morning", "!")
RUNNING = re.compile(r"running on (http://[\d.:]+)")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    model = write_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf", says=SAYS)
    with subprocess.Popen(_command(model), stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            lines = (RUNNING.search(line) for line in server.stderr)
            yield next(found[1] for found in lines if found)
        finally:
            server.kill()


def _command(model: Path) -> list[str]:
    options = {
        "model": model,
        "model_alias": "tiny",
        "n_ctx": 1024,
        "n_threads": 1,
        "host": "127.0.0.1",
        "port": 0,
        "api_key": KEY,
        "verbose": False,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "llama_cpp.server", *arguments]


def config(url: str, key: str = KEY) -> CloudModel:
    return CloudModel(kind="openai", model="tiny", url=url, api_key=Secret(key), cloud=False)


def request(text: str = "Hello?") -> Request:
    wanted = ModelParameters(temperature=0.0, max_tokens=8, seed=1, stop=("NEVER",))
    messages = (Message(role="user", text=text),)
    return Request(system="Be brief.", messages=messages, context="Noon.", parameters=wanted)


async def test_it_answers(url: str, http: aiohttp.ClientSession) -> None:
    provider = create("home", config(url), http)
    for _ in range(2):
        *events, ended = await all_of(provider, request())
        texts = [event.text for event in events if isinstance(event, TextDelta)]
        assert "".join(texts) == "Good morning!"
        assert len(texts) == len(SAYS)
        assert ended == Ended(reason="stop")


async def test_it_is_shown_tools_and_their_results(url: str, http: aiohttp.ClientSession) -> None:
    provider = create("home", config(url), http)
    call = CallDelta(index=0, id="c1", name="switch", arguments='{"name":"lamp"}')
    asked = after(answered([call, Ended(reason="tool_calls")], "home"))
    without_picture = (Message(role="user", text="Light?"), *asked.messages[1:])
    tools = Request(
        system=asked.system,
        messages=without_picture,
        tools=(SWITCH, CLOCK),
        parameters=request().parameters,
    )
    events = await all_of(provider, tools)
    assert "".join(each.text for each in events if isinstance(each, TextDelta)) == "Good morning!"


async def test_it_is_hung_up_on(url: str, http: aiohttp.ClientSession) -> None:
    provider = create("home", config(url), http)
    answer = provider.stream(request())
    assert await anext(answer) == TextDelta(text="Good")
    await answer.aclose()
    assert isinstance((await all_of(provider, request()))[-1], Ended)


async def test_it_refuses(url: str, http: aiohttp.ClientSession) -> None:
    with pytest.raises(ModelRefusedError, match="does not accept the key"):
        await all_of(create("home", config(url, "wrong"), http), request())


async def test_it_breaks_off(url: str, http: aiohttp.ClientSession) -> None:
    """As this server does when a prompt is too long for it: it says 200, and then nothing."""
    provider = create("home", config(url), http)
    with pytest.raises(ModelFailedError, match="broke off"):
        await all_of(provider, request("very long " * 2000))
    assert isinstance((await all_of(provider, request()))[-1], Ended)
