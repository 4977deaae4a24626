"""What a server asks the people of the house for: answered by a screen, or not in time."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.config.types import McpServer
from pichat.errors import BadRequestError, BusyError, NotFoundError
from pichat.events import InputAsked, InputEnded
from pichat.mcp.aggregator import Aggregator
from pichat.mcp.base import Catalogue, Era
from pichat.mcp.inputs import MOST_OPEN, Inputs
from pichat.mcp.shelf import Shelf
from pichat.store.db import open_database
from pichat.store.mcp import McpTable
from tests.support.virtual import run_virtual

SERVER = (sys.executable, str(Path(__file__).with_name("asking_server.py")))
CITY = {"properties": {"city": {"type": "string"}}, "required": ["city"]}
DEADLINE_S = 20.0


async def test_a_persons_answer_reaches_the_server() -> None:
    bus = Bus()
    inputs = Inputs(bus)
    with bus.subscribe(InputAsked, InputEnded) as heard:
        asking = asyncio.create_task(inputs.ask("web", "Which  town?", CITY))
        asked = await heard.get()
        assert isinstance(asked, InputAsked)
        assert (asked.server, asked.text, inputs.open()) == ("web", "Which town?", (asked,))
        with pytest.raises(BusyError):
            await inputs.ask("web", "And your password?", {})
        with pytest.raises(BadRequestError, match="lacks “city”"):
            inputs.answer(asked.id, {})
        inputs.answer(asked.id, {"city": "Berlin"})
        with pytest.raises(NotFoundError):
            inputs.answer(asked.id, {"city": "Paris"})
        assert (await asking).values == {"city": "Berlin"}
        assert await heard.get() == InputEnded(id=asked.id, answer="yes")
        asking = asyncio.create_task(inputs.ask("web", "Which town?", CITY))
        again = await heard.get()
        assert isinstance(again, InputAsked)
        inputs.answer(again.id, None)
        given = await asking
        assert (given.answered, given.values) == (True, None)
        assert inputs.open() == ()


def test_nobody_answers_and_not_too_many_ask() -> None:
    async def scene() -> None:
        inputs = Inputs(Bus())
        all_of = [
            asyncio.create_task(inputs.ask(f"s{number}", "Which town?", CITY))
            for number in range(MOST_OPEN)
        ]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await inputs.ask("one more", "Which town?", CITY)
        assert [each.answered for each in await asyncio.gather(*all_of)] == [False] * MOST_OPEN
        assert inputs.open() == ()

    run_virtual(scene())


@pytest.mark.long
@pytest.mark.parametrize(
    ("era", "values", "told"),
    [
        ("legacy", {"seats": 4}, "4 seats"),
        ("legacy", None, "decline"),
        ("legacy", "late", "cancel"),
        ("unknown", {"seats": 4}, "4 seats"),
    ],
)
async def test_a_real_server_is_answered(era: Era, values: Any, told: str) -> None:
    bus = Bus()
    inputs = Inputs(bus, life_s=0.5 if values == "late" else 30.0)
    learnt = asyncio.Event()
    async with open_database(Path(":memory:")) as database:
        shelf = await Shelf.load(McpTable(database))
        await shelf.learn("asking", Catalogue(era=era))
        tool = "asking__book" if era == "legacy" else "asking__reserve"
        aggregator = Aggregator(
            shelf, lambda now: learnt.set() if now.tools else None, ask=inputs.ask
        )
        serving = asyncio.create_task(aggregator.serve())
        try:
            aggregator.set_servers({"asking": McpServer(command=SERVER)})
            aggregator.refresh()
            with bus.subscribe(InputAsked) as heard:
                async with asyncio.timeout(DEADLINE_S):
                    await learnt.wait()
                    calling = asyncio.create_task(aggregator.call(tool, {"what": "dinner"}))
                    asked = await heard.get()
                    assert asked.text == "How many seats for dinner?"
                    assert asked.fields["required"] == ["seats"]
                    if values != "late":
                        inputs.answer(asked.id, values)
                    answer = await calling
            assert answer.content[0].text == told  # type: ignore[union-attr]
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
