"""From what a person said to the words by which tools are looked for."""

from __future__ import annotations

import re

import msgspec

from pichat.mcp.base import RemoteTool
from pichat.store.mcp import McpTable, Words

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST_WORDS = 24
_LITTLE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "can",
        "could",
        "do",
        "does",
        "for",
        "from",
        "give",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "or",
        "please",
        "tell",
        "that",
        "the",
        "this",
        "to",
        "us",
        "was",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)


class Finder:
    """Finds tools elsewhere by what a person said."""

    def __init__(self, table: McpTable) -> None:
        self._table = table

    async def find(self, text: str, most: int) -> tuple[str, ...]:
        """Aliases, the best first."""
        query = query_of(text)
        return await self._table.find(query, most) if query else ()


def query_of(text: str) -> str:
    """An FTS5 query: any of the words that say something, each also as a beginning. Empty when
    there is none."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    telling = [word for word in words if word not in _LITTLE] or list(words)
    return " OR ".join(
        f'"{word}"*' if len(word) > 3 else f'"{word}"' for word in telling[:_MOST_WORDS]
    )


def words_of(alias: str, tool: RemoteTool, description: str) -> Words:
    """What a tool is found by: its name in parts, what it does, what its arguments are called and
    about."""
    schema = msgspec.json.decode(tool.schema)
    properties = schema.get("properties", {}) if isinstance(schema, dict) else {}
    arguments = [
        f"{_apart(name)} {about.get('description', '') if isinstance(about, dict) else ''}"
        for name, about in properties.items()
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
