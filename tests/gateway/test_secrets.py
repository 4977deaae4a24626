"""What people said, and what lets them in, stands in no log and in no error."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from pichat.gateway.registry import load_actions
from tests.gateway import raw
from tests.gateway.fakes import running_world
from tests.gateway.raw import ask
from tests.gateway.screen import connect
from tests.gateway.walking import requests, walking

SAID = "the-alarm-code-is-4711"
SECRET = "pichat_a-token-that-is-a-secret"
UPGRADE = raw.UPGRADE.decode()
INSIDE = ("Traceback", "/work/", "site-packages", ".py", "sqlite", "0x")


def variants(value: Any) -> Iterator[Any]:
    """The same, each time with what was said instead of one of the texts in it."""
    if isinstance(value, str):
        yield SAID
    elif isinstance(value, list | dict):
        keys = range(len(value)) if isinstance(value, list) else list(value)
        for key in keys:
            for changed in variants(value[key]):
                copy = value.copy()
                copy[key] = changed
                yield copy


def seen(logs: list[Any], caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged above debug, whoever logged it."""
    ours = [entry for entry in logs if entry["log_level"] != "debug"]
    theirs = [
        logging.Formatter().format(each) for each in caplog.records if each.levelno > logging.DEBUG
    ]
    return repr((ours, theirs))


async def test_nothing_said_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    errors: list[tuple[int, str]] = []
    with capture_logs() as logs:
        async with walking() as walk:
            for way, (_, path, body) in requests(walk.gateway.entrances).items():
                said = [json.dumps(each).encode() for each in variants(json.loads(body or b"{}"))]
                for sent in (*said, body, SAID.encode()):
                    await walk.renew("admin")
                    query = f"{path}?q={SAID}&text={SAID}"
                    status, text = await walk.http(way[0], query, "admin", sent)
                    errors.append((status, text))
            for found in load_actions().values():
                for payload in (*variants(found.example), {"text": SAID, "name": [SAID]}):
                    await walk.renew("admin")
                    async with walk.socket("admin") as screen:
                        reply = await walk.reply(screen, "admin", found.name, payload)
                        errors.append((0, reply.get("error", "")))
            async with walk.socket("admin") as screen:
                frames = (f'{{"action": "{SAID}", "payload": "{SAID}"}}', f"{SAID}{{")
                errors += [(0, (await screen.error_of(frame))["error"]) for frame in frames]
    text = seen(logs, caplog)
    assert SAID not in text
    assert {status for status, _ in errors} >= {0, 200, 400, 404}
    for status, error in errors:
        assert status != 500
        assert not any(each in error for each in INSIDE), error


async def test_no_token_is_logged_or_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = ""
    with capture_logs() as logs:
        async with running_world(trust_loopback=False) as world:
            right = await world.token("admin")
            for token in (SECRET, right):
                for head in (
                    f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}",
                    f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}",
                    f"GET /api/profiles?token={token} HTTP/1.1\r\nHost: localhost",
                    f"GET /{token} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}",
                    f"GET / HTTP/1.1\r\nHost: {token}",
                    f"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: {token}",
                    f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\x01",
                    f"{token} / HTTP/1.1\r\nHost: localhost",
                    f"{UPGRADE}Sec-WebSocket-Protocol: {token}",
                    f"{UPGRADE}Sec-WebSocket-Protocol: pichat.token.{token}",
                    f"{UPGRADE}Sec-WebSocket-Key: {token}",
                ):
                    world.door.limits.passed("127.0.0.1")
                    _, headers, text = await ask(world.url, f"{head.strip()}\r\n\r\n".encode())
                    told += text + repr(headers)
                async with connect(world.url) as screen:
                    told += repr(await screen.ask("authenticate", {"token": token}))
                    told += repr(await screen.ask("authenticate", {"token": [token]}))
                world.door.limits.passed("127.0.0.1")
    text = seen(logs, caplog)
    for token in (SECRET, right):
        assert token not in text
        assert token not in told
        assert token.lower() not in text + told


async def test_a_defect_leaves_as_an_id_only(caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as logs:
        async with running_world() as world, connect(world.url) as screen:
            reply = await screen.ask("chat", {"text": "crash"})
    assert reply["payload"]["code"] == "internal"
    assert "secret" not in repr(reply)
    (entry,) = (each for each in logs if each["event"] == "request failed")
    assert entry["log_id"] in reply["error"]
