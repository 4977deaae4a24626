"""What single settings cannot say of themselves: whether they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from pichat.config.describe import suggestion
from pichat.config.overlay import unknown_steps
from pichat.config.types import Config, McpServer, WakeWord

# Two of them in a row part a server from its tool.
_SERVER_NAME = re.compile(r"(?!.*__)[A-Za-z0-9][A-Za-z0-9_-]{0,31}(?<!_)")

_SHORTEST_TOKEN = 8  # few guesses are let through, see pichat.gateway.door.limits


def contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """The dotted place of each setting that another one makes impossible, and a sentence. A list
    that does not wholly fit may hold UNSET."""
    seen: set[str] = set()
    entries: tuple[Any, ...] = config.voice.wake_words
    for at, entry in enumerate(entries):
        if entry is msgspec.UNSET:
            continue
        where = f"voice.wake_words[{at}]"
        wake_word = entry if isinstance(entry, WakeWord) else WakeWord(word=entry)
        if wake_word.word in seen:
            yield where, f"the wake word {wake_word.word!r} is there already."
        seen.add(wake_word.word)
        if wake_word.profile not in config.profiles:
            hint = suggestion(wake_word.profile, config.profiles)
            yield f"{where}.profile", f"there is no profile {wake_word.profile!r}.{hint}"
    token = config.server.api_token.value
    if token and (problem := too_short(token)) is not None:
        yield "server.api_token", problem
    for name, server in config.mcp.servers.items():
        for sentence in server_problems(name, server):
            yield f"mcp.servers.{name}", sentence
    tls = config.server.tls
    if tls.mode == "files" and (tls.certificate is None or tls.key is None):
        yield "server.tls", "the mode `files` needs `certificate` and `key`."
    for name, profile in config.profiles.items():
        chain: tuple[Any, ...] = profile.chain
        steps = [step for step in chain if step is not msgspec.UNSET]
        for sentence in unknown_steps(steps, config.llm.providers):
            yield f"profiles.{name}.chain", sentence
        if not config.llm.local and any(step.use == "local" for step in profile.steps):
            yield f"profiles.{name}.chain", "it names “local”, but llm.local has no model."


def server_problems(name: str, server: McpServer) -> Iterator[str]:
    """What is wrong with a server of tools, and with its name."""
    if bool(server.command) == (server.url is not None):
        yield "it needs either a `command` or a `url`."
    if not _SERVER_NAME.fullmatch(name):
        yield "a name is of 1 to 32 letters, digits, - and single _."


def too_short(token: str) -> str | None:
    """What is wrong with a static token that could be guessed."""
    if len(token) >= _SHORTEST_TOKEN:
        return None
    return f"a token has to have at least {_SHORTEST_TOKEN} characters, so that nobody guesses it."
