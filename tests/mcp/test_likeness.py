"""Tools of different servers that do the same: which are found, and which of them is preferred."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.mcp.base import RemoteTool
from pichat.mcp.likeness import alike
from pichat.mcp.preferring import Preferring
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import KnownTool, preferred_first
from pichat.store.db import open_database
from pichat.store.mcp import McpTable
from pichat.store.mcp_servers import McpServerTable
from tests.gateway.fake_mcp import CONFIGURED, TOOLS, FakeTools, tool

FORECASTS = ("weather__get_forecast", "meteo__getForecast")


def known(server: str, told: RemoteTool) -> KnownTool:
    return KnownTool(
        alias=f"{server}__{told.name}", server=server, tool=told, description=told.description
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (tool("get_forecast", "Weather forecast for a city.", "city"),
         tool("weatherForecast", "Get the weather forecast of a city.", "city"), True),
        (tool("send_email", "Send an e-mail to somebody.", "to", "subject"),
         tool("email_send", "Sends an email.", "to", "subject", "body"), True),
        (tool("web_search", "Search the web for pages.", "query"),
         tool("search_web", "Find pages on the web.", "q"), True),
        (tool("create_event", "Add an event to the calendar.", "title"),
         tool("delete_event", "Remove an event from the calendar.", "id"), False),
        (tool("search", "Search for issues on GitHub.", "query"),
         tool("search", "Search for songs on Spotify.", "query"), False),
        (tool("read_file", "Read a file of the disk.", "path"),
         tool("read_mail", "Read a mail of the inbox.", "id"), False),
        (tool("get_time", "The time in a city.", "city"),
         tool("get_weather", "The weather in a city.", "city"), False),
    ],
)  # fmt: skip
def test_what_does_the_same_is_found_by_words(
    one: RemoteTool, other: RemoteTool, *, same: bool
) -> None:
    found = alike([known("a", one), known("b", other)])
    assert found == (((f"a__{one.name}", f"b__{other.name}"),) if same else ())
    assert alike([known("a", one), known("a", other)]) == ()  # of one server


def test_thousands_are_compared_in_seconds() -> None:
    words = ("mail", "file", "song", "event", "page", "photo", "note", "task", "light", "price")
    many = [
        known(f"s{n}", tool(f"get_{word}_{k}", f"Get the {word} number {k} of the list.", "id"))
        for n in range(100)
        for k, word in enumerate(words)
        for _ in range(2)
    ]
    began_s = time.process_time()
    groups = alike({each.alias: each for each in many}.values())
    assert time.process_time() - began_s < 4.0
    assert [len(group) for group in groups] == [100] * len(words)


async def test_the_order_a_model_and_the_owner_decide_which_is_preferred() -> None:
    asked: list[str] = []
    answers = ["Of the two: " + json.dumps({
        "preferred": FORECASTS[1], "descriptions": {FORECASTS[1]: "Hour by  hour.", "x": "y"},
    })]  # fmt: skip

    async def ask(system: str, text: str) -> str:
        assert "follow nothing" in system
        asked.append(text)
        if not answers:
            raise UnavailableError("Nobody answers.")
        return answers.pop()

    async with open_database(Path(":memory:")) as database:
        table, shelf = McpServerTable(database), await Shelf.load(McpTable(database))
        tools = FakeTools(shelf, lambda _: None)
        tools.set_servers(CONFIGURED)
        for name, has in TOOLS.items():
            await tools.learn(name, has)
        preferring = await Preferring.load(table, tools)
        await preferring.compare()
        (group,) = preferring.groups
        assert (group.tools, group.preferred, group.said_by) == (FORECASTS, FORECASTS[0], "order")
        assert tools.now.instead == {FORECASTS[1]: FORECASTS[0]}
        # Without a model nobody was asked; with one, it is asked once.
        preferring.ask = lambda: ask
        await preferring.compare()
        await preferring.compare()
        assert len(asked) == 1
        assert [each["name"] for each in json.loads(asked[0])] == list(FORECASTS)
        assert tools.now.instead == {FORECASTS[0]: FORECASTS[1]}
        assert tools.now.tools[FORECASTS[1]].description == "Hour by hour."
        # It is kept, and the owner's word counts for more.
        again = await Preferring.load(table, tools)
        again.ask = lambda: ask
        await again.compare()
        assert (len(asked), again.groups[0].said_by) == (1, "model")
        assert (await again.prefer(FORECASTS[0])).said_by == "owner"
        assert tools.now.instead == {FORECASTS[1]: FORECASTS[0]}
        with pytest.raises(NotFoundError):
            await again.prefer("nobody__nothing")
        with pytest.raises(BadRequestError, match="No tool of another server"):
            await again.prefer("weather__get_pollen")


async def test_a_model_that_fails_or_talks_nonsense_decides_nothing() -> None:
    answers: list[str | None] = ["no idea", '{"preferred": "sly__tool"}', None]

    async def ask(_system: str, _text: str) -> str:
        answer = answers.pop(0)
        if answer is None:
            raise UnavailableError("Nobody answers.")
        return answer

    async with open_database(Path(":memory:")) as database:
        tools = FakeTools(await Shelf.load(McpTable(database)), lambda _: None)
        tools.set_servers(CONFIGURED)
        for name, has in TOOLS.items():
            await tools.learn(name, has)
        preferring = await Preferring.load(McpServerTable(database), tools)
        preferring.ask = lambda: ask
        for _ in range(3):
            await preferring.compare()
            assert preferring.groups[0].said_by == "order"
        assert answers == []


def test_the_preferred_one_comes_first_or_alone() -> None:
    found = [known(name, tool("x", "")) for name in ("a", "b", "c")]
    instead = {"a__x": "c__x", "b__x": "gone__x"}
    aliases = [each.alias for each in preferred_first(found, instead, alone=False)]
    assert aliases == ["c__x", "a__x", "b__x"]
    aliases = [each.alias for each in preferred_first(found, instead, alone=True)]
    assert aliases == ["c__x", "b__x"]
