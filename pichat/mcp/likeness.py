"""Finds tools of different servers that do the same, by what they are called and say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from pichat.mcp.snapshot import KnownTool

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MOST_WORDS = 40

_DEEDS: dict[str, str] = {
    word: deed
    for deed, words in {
        "read": "get read fetch retrieve show view load lookup describe check query current",
        "list": "list all enumerate browse",
        "find": "search find grep match",
        "make": "create add new insert make post put open write save store append",
        "change": "update edit modify set change patch rename move replace",
        "remove": "delete remove drop clear purge trash",
        "send": "send publish notify reply",
        "run": "run execute exec call invoke start launch eval",
        "end": "stop end cancel kill close",
    }.items()
    for word in words.split()
}
_SAME_DEED = {"list": "read", "find": "read"}
"""Who looks for something and who lists it may well be doing the same."""

_LITTLE = frozenset(
    _WORD.findall(
        "a an and are as at be by can for from given has have if in into is it its no not of on"
        " one or so such that the their them then these this to used use using was what when which"
        " will with you your tool server data info information return returns optional provided"
    )
)
_EQUAL, _CLOSE = 1.0, 0.5
_SAYS_SOMETHING, _SAYS_MUCH, _SAYS_ALL = 0.12, 0.35, 0.6


@dataclass(slots=True)
class _Told:
    """A tool in words: what it does, with what, and what it says of itself."""

    alias: str
    server: str
    deeds: Set[str]
    things: Set[str]
    words: Set[str]


@dataclass(slots=True)
class _Group:
    leader: _Told
    aliases: list[str] = field(default_factory=list)
    servers: set[str] = field(default_factory=set)

    def take(self, told: _Told) -> None:
        self.aliases.append(told.alias)
        self.servers.add(told.server)


def alike(tools: Iterable[KnownTool]) -> tuple[tuple[str, ...], ...]:
    """Aliases of tools that do the same, each group in the order in which they came. A server's own
    tools differ from each other: it would not have two of a kind."""
    groups: list[_Group] = []
    by_thing: dict[str, list[_Group]] = defaultdict(list)
    for known in tools:
        told = _in_words(known)
        keys = told.things or told.words
        group = next(_fitting(told, keys, by_thing), None)
        if group is None:
            group = _Group(told)
            groups.append(group)
            for key in keys:
                by_thing[key].append(group)
        group.take(told)
    return tuple(tuple(each.aliases) for each in groups if len(each.aliases) > 1)


def _fitting(
    told: _Told, keys: Iterable[str], by_thing: dict[str, list[_Group]]
) -> Iterator[_Group]:
    seen: set[int] = set()
    for key in sorted(keys):
        for group in by_thing.get(key, ()):
            if id(group) not in seen:
                seen.add(id(group))
                if told.server not in group.servers and _are_alike(told, group.leader):
                    yield group


def _are_alike(one: _Told, other: _Told) -> bool:
    if one.deeds and other.deeds and not one.deeds & other.deeds:
        return False
    says = _share(one.words, other.words)
    if not one.things or not other.things:
        return says >= _SAYS_ALL
    same = _share(one.things, other.things)
    return (same >= _EQUAL and says >= _SAYS_SOMETHING) or (same >= _CLOSE and says >= _SAYS_MUCH)


def _share(one: Set[str], other: Set[str]) -> float:
    """Of all words that either has, the part that both have."""
    both = len(one | other)
    return len(one & other) / both if both else 0.0


def _in_words(known: KnownTool) -> _Told:
    own = set(_stems(known.server))
    names = [word for word in _stems(_CAMEL.sub(" ", known.tool.name)) if word not in own]
    deeds = {_DEEDS[word] for word in names if word in _DEEDS}
    said = [*_stems(known.tool.description)][:_MOST_WORDS]  # not what tells them apart
    asked = [word for name in known.tool.properties for word in _stems(_CAMEL.sub(" ", name))]
    telling = {word for word in (*said, *asked, *names) if word not in _LITTLE}
    return _Told(
        alias=known.alias,
        server=known.server,
        deeds={_SAME_DEED.get(deed, deed) for deed in deeds},
        things={word for word in names if word not in _DEEDS and word not in _LITTLE},
        words={word for word in telling if word not in _DEEDS},
    )


def _stems(text: str) -> Iterator[str]:
    """Its words, one and many of a thing as the same."""
    for word in _WORD.findall(text.replace("_", " ")):
        low = word.lower()
        yield low[:-1] if len(low) > 3 and low.endswith("s") and not low.endswith("ss") else low
