"""A name for a server that its owner gave none."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from urllib.parse import urlsplit

from pichat.mcp.written import Written

_RUNNERS = re.compile(r"(npx|bunx?|uvx?|pipx|python[\d.]*|node|deno|sh|bash|docker|podman|env)$")
_IDLE_PARTS = re.compile(
    r"(?i)\b(www|api|mcp|server|servers|com|org|net|io|run|local|index|main)\b"
)
_VERBS = frozenset(["run", "exec", "tool", "x", "-y", "-m"])
_LONGEST = 24


def name_for(written: Written, taken: Collection[str]) -> str:
    """Such as `weather` for https://mcp.weather.example/mcp, and `filesystem` for a program that
    is called server-filesystem; with a number where that is taken."""
    said = _of_url(written.url) if written.url is not None else _of_command(written.command)
    telling = re.sub(r"[^a-z0-9]+", "-", _IDLE_PARTS.sub(" ", said.lower())).strip("-")
    plain = telling or re.sub(r"[^a-z0-9]+", "-", said.lower()).strip("-") or "tools"
    name = plain[:_LONGEST].strip("-")
    number = 1
    found = name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _of_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if host in ("localhost", "::1") or host.startswith("127."):
        host = "here"
    is_number = re.fullmatch(r"[\d.]+|.*:.*", host) is not None
    if is_number or "." not in host:
        return f"{host}-{port}" if port else host
    *names, last = host.split(".")
    return " ".join(names) if len(last) <= 10 else host


def _of_command(command: tuple[str, ...]) -> str:
    """The first word that is no runner of programs, nor an option."""
    names = [PurePath(each.partition("@latest")[0]).stem for each in command]
    for name, argument in zip(names, command, strict=True):
        if not argument.startswith("-") and argument not in _VERBS and not _RUNNERS.fullmatch(name):
            return name.replace("_", "-")
    return names[0] if names else ""
