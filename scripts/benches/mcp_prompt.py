"""Tools of other programs in a model's prompt: what they cost, and whether the right are there.

The catalogue and the requests are in mcp_catalogue/, written by hand: the tools in the manner of
published servers, with near-duplicates; the requests from the wish, in people's words, before
anybody looked which words the tools use. The words that mean the same (pichat/mcp/thesaurus.py)
were chosen with the requests of `requests.txt` in mind, of which 73 in 100 were met without them;
those of `held_out.txt` were written afterwards and changed nothing: they say what it is like for
what nobody had in mind. All were written by the same hand, which is the weakness of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import msgspec

from pichat.config.types import Mcp
from pichat.llm.base import ToolSpec
from pichat.mcp.base import Catalogue, RemoteTool, ServerStatus
from pichat.mcp.remote import Remote
from pichat.mcp.search import Finder
from pichat.mcp.shelf import Shelf
from pichat.mcp.snapshot import Snapshot
from pichat.mcp.switches import Switches
from pichat.store.db import Database, open_database
from pichat.store.mcp import McpTable
from pichat.store.mcp_calls import McpCalls
from pichat.store.mcp_switches import SwitchTable
from pichat.tools import load_tools
from pichat.tools.remote import Behalf
from pichat.tools.specs import tool_specs
from scripts.benches.figure import Figure, percentile
from scripts.benches.llm_prompt import prompt_of, tokens
from tests.intents.house import HOUSE

FOLDER = Path(__file__).parent / "mcp_catalogue"
OFFERED = 8
MANY = 4000
ANYBODY = Behalf(source="model", behind="screen")

Catalogues = dict[str, tuple[RemoteTool, ...]]


class _Kept:
    """Implements remote.Servers: what was told, and nobody who answers."""

    def __init__(self, now: Snapshot) -> None:
        self.now = now

    async def call(self, *_: object) -> object:
        raise NotImplementedError


def catalogues() -> Catalogues:
    found: dict[str, list[RemoteTool]] = {}
    server = ""
    for line in _lines("tools.txt"):
        if line.startswith("["):
            server = line.strip("[]")
            continue
        name, description, arguments = (part.strip() for part in line.split("|"))
        found.setdefault(server, []).append(_tool(name, description, arguments))
    return {name: tuple(tools) for name, tools in found.items()}


def _tool(name: str, description: str, arguments: str) -> RemoteTool:
    names = [each.strip() for each in arguments.split(",") if each.strip()]
    properties = {
        each: {"title": each.title(), "type": "string", "description": f"The {each} to use."}
        for each in names
    }
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"{name}Arguments",
        "type": "object",
        "properties": properties,
        "required": names[:1],
        "additionalProperties": False,
    }
    return RemoteTool(
        name=name, description=description, schema=msgspec.Raw(msgspec.json.encode(schema))
    )


def many(kept: Catalogues) -> Catalogues:
    """The same again and again, under other names, with the long descriptions that real ones
    have."""
    more: Catalogues = {}
    total = sum(map(len, kept.values()))
    for copy in range(-(-MANY // total)):
        for name, tools in kept.items():
            more[f"{name}{copy}"] = tuple(
                msgspec.structs.replace(
                    each, description=f"{each.description}. " + "Use it when it is needed. " * 20
                )
                for each in tools
            )
    return more


async def remote_of(database: Database, kept: Catalogues) -> Remote:
    table = McpTable(database)
    shelf = await Shelf.load(table)
    for name, tools in kept.items():
        await shelf.learn(name, Catalogue(era="legacy", tools=tools))
    now = Snapshot(
        servers=tuple(ServerStatus(name=name, state="ready") for name in kept),
        tools={each.alias: each for name in kept for each in shelf.tools_of(name)},
        prompts={},
        resources={},
    )
    switches = await Switches.load(SwitchTable(database))
    calls = McpCalls(database)
    return Remote(_Kept(now), Finder(table), switches, calls, lambda: Mcp(offered_tools=OFFERED))  # type: ignore[arg-type]


def requests(file: str) -> Iterator[tuple[str, frozenset[str]]]:
    """What is said, and the aliases that would do."""
    for line in _lines(file):
        said, _, wanted = line.rpartition(" = ")
        yield said, frozenset(each.replace(".", "__", 1) for each in wanted.split())


def _lines(file: str) -> Iterator[str]:
    for line in (FOLDER / file).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


async def offered(remote: Remote, said: str) -> tuple[ToolSpec, ...]:
    return await remote.offered([said], ANYBODY)


async def recall(remote: Remote, file: str) -> tuple[float, list[str], list[float]]:
    """The share whose tool was offered, what was said where it was not, and the times in ms."""
    missed, times_ms, asked = [], [], [*requests(file)]
    for said, wanted in asked:
        started_s = time.perf_counter()
        names = [each.name for each in await offered(remote, said)]
        times_ms.append((time.perf_counter() - started_s) * 1000)
        if wanted.isdisjoint(names):
            missed.append(said)
    return 100 * (1 - len(missed) / len(asked)), missed, times_ms


async def _recall_figures(kept: Catalogues) -> list[Figure]:
    async with open_database(Path(":memory:")) as database:
        remote = await remote_of(database, kept)
        known = sum(map(len, kept.values()))
        share, missed, times_ms = await recall(remote, "requests.txt")
        others, others_missed, _ = await recall(remote, "held_out.txt")
    return [
        Figure(
            name="mcp.recall_at_8",
            value=share,
            unit="%",
            limit=90,
            sense="at least",
            samples=len(times_ms),
            note=f"{known} tools; missed: {'; '.join(missed) or 'none'}",
        ),
        Figure(
            name="mcp.recall_at_8_held_out",
            value=others,
            unit="%",
            samples=len([*requests("held_out.txt")]),
            note=f"missed: {'; '.join(others_missed) or 'none'}",
        ),
        Figure(
            name="mcp.offer_ms",
            value=median(times_ms),
            unit="ms",
            samples=len(times_ms),
            note=f"p95 {percentile(times_ms, 95):.1f} ms; what a turn waits for the search",
        ),
    ]


async def _prompt_figure(kept: Catalogues) -> Figure:
    own = tool_specs(load_tools(), devices=HOUSE)
    async with open_database(Path(":memory:")) as database:
        remote = await remote_of(database, many(kept))
        counts = [
            tokens(prompt_of(HOUSE, (*own, *await offered(remote, said))))
            for said, _ in requests("requests.txt")
        ]
    return Figure(
        name="mcp.tool_prompt_tokens_4000_tools",
        value=max(counts),
        unit="",
        limit=2500,
        samples=len(counts),
        note=f"the largest of them; median {median(counts):.0f}; {tokens(prompt_of(HOUSE, own))}"
        " without any",
    )


def run() -> list[Figure]:
    kept = catalogues()
    return [*asyncio.run(_recall_figures(kept)), asyncio.run(_prompt_figure(kept))]


if __name__ == "__main__":
    for figure in run():
        print(f"{figure.name:36} {figure.value:8.1f} {figure.unit}  {figure.note}")
