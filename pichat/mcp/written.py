"""A server as its owner writes it, `${VAR}` and all: what is secret of it, and what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Meta

from pichat.config.check import server_problems
from pichat.config.types import McpServer, Positive, Secret
from pichat.errors import BadRequestError

HIDDEN = "***"
_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")
_ASSIGNS = re.compile(r"([\w.-]+)(=|: ?)(?!//)(.+)", re.DOTALL)
_NAMES_A_SECRET = re.compile(r"(?i)key|token|secret|passw|auth|credential|bearer")

Part = Annotated[str, Meta(min_length=1, max_length=1000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Named = Annotated[dict[Name, str], Meta(max_length=50)]


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """See config.types.McpServer. `${VAR}` in `command`, `env`, `url` and `headers` stands for what
    the environment or `.env` has under that name."""

    command: Annotated[tuple[Part, ...], Meta(max_length=100)] = ()
    env: Named = {}
    folder: Part | None = None
    url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    transport: Literal["http", "sse"] = "http"
    headers: Named = {}
    tools: Annotated[tuple[Part, ...], Meta(max_length=500)] | None = None
    call_timeout_s: Positive = 60.0
    idle_s: Positive = 300.0


def check(name: str, written: Written) -> None:
    """Raises BadRequestError that names what cannot be."""
    for sentence in server_problems(name, McpServer(command=written.command, url=written.url)):
        raise BadRequestError(f"The server “{name[:64]}”: {sentence}")
    if written.url is not None and "${" not in written.url:
        _check_url(written.url)
    for place, named in (("env", written.env), ("headers", written.headers)):
        for key, value in named.items():
            if not (key + value).isprintable() or not key.isascii():
                raise BadRequestError(
                    f"“{place}”: “{key[:40]}” has characters that cannot be sent."
                )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname)
        fits = fits and parts.port != 0 and url.isprintable() and " " not in url
    except ValueError:
        fits = False
    if not fits:
        raise BadRequestError("An address looks like http://host:port/mcp or https://host/mcp.")


def meant(name: str, written: Written, variables: Mapping[str, str], *, enabled: bool) -> McpServer:
    """With every `${VAR}` replaced. Raises BadRequestError that names one that is not set."""

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda found: _value(name, found, variables), text)

    return McpServer(
        command=tuple(map(filled, written.command)),
        env={key: Secret(filled(value)) for key, value in written.env.items()},
        folder=Path(written.folder).expanduser() if written.folder else None,
        url=None if written.url is None else filled(written.url),
        transport=written.transport,
        headers={key: Secret(filled(value)) for key, value in written.headers.items()},
        enabled=enabled,
        tools=written.tools,
        call_timeout_s=written.call_timeout_s,
        idle_s=written.idle_s,
    )


def _value(name: str, found: re.Match[str], variables: Mapping[str, str]) -> str:
    variable, default = found.groups()
    value = variables.get(variable) or default
    if value is None:
        raise BadRequestError(
            f"The server “{name}” needs the variable {variable}, which is neither in the"
            " environment nor in .env."
        )
    return value


def changed(old: Written, changes: Mapping[str, Any]) -> Written:
    """Raises BadRequestError that names the field."""
    fields = dict(_merged(old, changes))
    if fields.get("url") is not None and "command" not in fields:
        fields |= {"command": (), "env": fields.get("env", {}), "folder": None}
    elif fields.get("command") and "url" not in fields:
        fields |= {"url": None}
    try:
        return msgspec.convert({**msgspec.to_builtins(old), **fields}, Written)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"That does not fit: {error}.") from error


def _merged(old: Written, changes: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for field, value in changes.items():
        if field in ("env", "headers"):
            both: dict[str, str | None] = {**getattr(old, field), **value}
            yield field, {key: each for key, each in both.items() if each is not None}
        else:
            yield field, value


# --- what is secret ------------------------------------------------------------------------------


def shown_url(url: str) -> str:
    """Without what may be a key: its user, its password and what it is asked with."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    place = parts.netloc.rpartition("@")
    netloc = f"{HIDDEN}@{place[2]}" if place[1] else parts.netloc
    asked = [f"{each.partition('=')[0]}={HIDDEN}" for each in parts.query.split("&") if each]
    return urlunsplit(
        (parts.scheme, netloc, parts.path, "&".join(asked), HIDDEN if parts.fragment else "")
    )


def shown_command(command: tuple[str, ...]) -> tuple[str, ...]:
    """Without the values of arguments whose names say that they are keys."""
    return tuple(_shown_arguments(command))


def _shown_arguments(command: tuple[str, ...]) -> Iterator[str]:
    hide_next = False
    for place, argument in enumerate(command):
        name, sign, _ = _split(argument)
        secret = place > 0 and bool(_NAMES_A_SECRET.search(name))
        is_option = argument.startswith("-")
        if hide_next and not is_option:
            yield HIDDEN
        elif "://" in argument:
            yield shown_url(argument) if not sign else f"{name}{sign}{HIDDEN}"
        else:
            yield f"{name}{sign}{HIDDEN}" if secret and sign else argument
        hide_next = secret and is_option and not sign


def _split(argument: str) -> tuple[str, str, str]:
    """--key=VALUE, KEY=VALUE and a header’s “Key: VALUE”; a URL is none of these."""
    found = _ASSIGNS.match(argument)
    return found.groups() if found else (argument, "", "")  # type: ignore[return-value]


def parted(written: Written) -> tuple[Written, dict[str, Any]]:
    """What everybody may read, and what of it nobody may: fields in the whole, as JSON values."""
    shown = msgspec.structs.replace(
        written,
        command=shown_command(written.command),
        env=dict.fromkeys(written.env, HIDDEN),
        url=None if written.url is None else shown_url(written.url),
        headers=dict.fromkeys(written.headers, HIDDEN),
    )
    private = {
        field: msgspec.to_builtins(getattr(written, field))
        for field in ("command", "env", "url", "headers")
        if getattr(written, field) != getattr(shown, field)
    }
    return shown, private


def whole(shown: Written, private: Mapping[str, Any]) -> Written:
    """As it was before it was parted. Raises ValueError for what does not fit."""
    return msgspec.convert({**msgspec.to_builtins(shown), **private}, Written)


def redacted(text: str, server: McpServer) -> str:
    """What a server says of itself, without the keys that it was given."""
    values = [each.value for each in (*server.env.values(), *server.headers.values())]
    shown = shown_command(server.command)
    values += [
        argument.removeprefix(other.removesuffix(HIDDEN))
        for argument, other in zip(server.command, shown, strict=True)
        if argument != other
    ]
    if server.url is not None:
        values += [each.partition("=")[2] for each in urlsplit(server.url).query.split("&")]
    for value in sorted(values, key=len, reverse=True):
        for part in (value, value.rpartition(" ")[2]):  # a header's is often “Bearer KEY”
            if len(part) >= _SHORTEST_KEY:
                text = text.replace(part, HIDDEN)
    return text


_SHORTEST_KEY = 6
"""What is shorter stands in ordinary words."""
