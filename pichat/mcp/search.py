"""From what a person said to the words by which tools are looked for."""

from __future__ import annotations

import re

from pichat.mcp.base import RemoteTool
from pichat.mcp.thesaurus import also
from pichat.store.mcp import McpTable, Words

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST_WORDS = 24
_MOST_MEANT = 24
_LONG = 5  # a shorter word is the beginning of too many others
_LITTLE_WORDS = """
a about after again all already also am an and any are as at be been before but by can
could did do does else ever for from get gets getting give go goes going got had has
have he her here him his how i if in into is it its just know last let like little long
look lot made make makes many may me more most much my need needs new no not now of off
ok on one only or other our out over own please put really right said same she should
show so some still take tell than thank thanks that the their them then there these they
thing things think this those through to today tomorrow tonight too try us use very want
wants was way we well were what when where which while who whom whose why will with
would yes yesterday yet you your
"""
_LITTLE = frozenset(_LITTLE_WORDS.split())


class Finder:
    """Finds tools elsewhere by what a person said."""

    def __init__(self, table: McpTable) -> None:
        self._table = table

    async def find(self, text: str, most: int) -> tuple[str, ...]:
        """Aliases, the best first."""
        query = query_of(text)
        return await self._table.find(query, most) if query else ()


def query_of(text: str) -> str:
    """An FTS5 query: any of the words that say something, the longer ones also as a beginning, and
    of others that mean the same. Empty when there is no word."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    telling = [word for word in words if word not in _LITTLE] or list(words)
    said = [f'"{word}"*' if len(word) >= _LONG else f'"{word}"' for word in telling[:_MOST_WORDS]]
    return " OR ".join((*said, *(f'"{word}"' for word in also(text)[:_MOST_MEANT])))


def words_of(alias: str, tool: RemoteTool, description: str) -> Words:
    """What a tool is found by: its name in parts, what it does, what its arguments are called and
    about."""
    arguments = [
        f"{_apart(name)} {about.get('description', '') if isinstance(about, dict) else ''}"
        for name, about in tool.properties.items()
    ]
    server = alias.partition("__")[0]
    return Words(
        alias=alias,
        name=f"{_apart(tool.name)} {_apart(server)}",
        description=description,
        arguments=" ".join(arguments),
    )


def _apart(name: str) -> str:
    """getForecast and get_forecast as words."""
    return " ".join(_WORD.findall(_CAMEL.sub(" ", name).replace("_", " ")))
