"""Whose page a request comes from, and what leaves with every answer."""

import json
import socket

import aiohttp
import pytest

from pichat.config.types import Server
from pichat.gateway.door.pages import Place, is_own_host, is_own_origin, read_origin
from pichat.gateway.machine import Machine
from tests.gateway.fakes import World, running_world
from tests.gateway.raw import UPGRADE, ask, port_of
from tests.gateway.screen import connect

PATHS = ["/", "/health", "/metrics", "/ws/chat", "/static/app.js", "/no"]
ON_EVERY_ANSWER = {
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
}


def request(path: str = "/health", *lines: str, method: str = "GET") -> bytes:
    """A request with exactly those header lines."""
    return "".join(f"{line}\r\n" for line in (f"{method} {path} HTTP/1.1", *lines, "")).encode()


def test_own_names_and_addresses() -> None:
    names = Machine(Server(host="house.lan", name="attic", names=("pi.example",))).names()
    machine = socket.gethostname().lower()
    for host in ("localhost:8000", "LOCALHOST", "127.0.0.1", "192.168.1.5:80", "[::1]:8000",
                 "[fe80::1%25eth0]:8000", "[FD00::1]", "attic.local", "Attic.Local.:8000",
                 "house.lan.", "pi.example", machine, f"{machine.split('.')[0]}.local:8000",
                 "203.0.113.7:8000", "[2606:4700::1]"):  # fmt: skip
        here = {"203.0.113.7:8000": "203.0.113.7", "[2606:4700::1]": "2606:4700::1"}.get(host)
        assert is_own_host(host, names, here), host
    for host in ("", ":8000", "evil.example", "localhost.evil.example", "[::1", "::1", "a b",
                 "localhost ", "user@localhost", "localhost:8000@evil.example", "localhost/",
                 "localhost:99999", "localhost:", "localhost..", "127.0.0.1.evil.example",
                 "8.8.8.8", "0.0.0.0:8000", "2130706433", "0x7f000001", "[2606:4700::1]", "\xb5",
                 "pichat.local"):  # fmt: skip
        assert not is_own_host(host, names, "192.168.1.5"), host


def test_own_origins() -> None:
    for origin, host in (
        ("http://pichat.local:8000", "pichat.local:8000"),
        ("http://pichat.local", "pichat.local:80"),
        ("https://pichat.local", "pichat.local"),
        ("HTTP://PiChat.Local.:8000", "pichat.local:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ):
        assert is_own_origin(origin, host), origin
    for origin in ("http://pichat.local:8001", "http://evil.example:8000", "null", "", "file://",
                   "http://pichat.local:x", "http://x@pichat.local:8000", "ws://pichat.local:8000",
                   "http://pichat.local:8000/path", "http://pichat.local.evil:8000"):  # fmt: skip
        assert not is_own_origin(origin, "pichat.local:8000"), origin
    assert is_own_origin("https://pichat.local:8000", "pichat.local:8000", secure=True)
    assert not is_own_origin("http://pichat.local:8000", "pichat.local:8000", secure=True)
    assert read_origin("Capacitor://localhost/") == Place("capacitor", "localhost", None)


async def test_another_name_is_not_this_machine(world: World) -> None:
    here = f"127.0.0.1:{port_of(world.url)}"
    for lines, path, status in (
        ((f"Host: {here}",), "/health", 200),
        ((f"Host: LocalHost.:{port_of(world.url)}",), "/health", 200),
        ((f"Host: [::1]:{port_of(world.url)}",), "/health", 200),
        (("Host: localhost",), f"http://{here}/health", 200),
        # DNS rebinding: the browser asks for the attacker's name.
        (("Host: evil.example",), "/health", 403),
        (("Host: evil.example", "Origin: http://evil.example"), "/health", 403),
        ((f"Host: 127.0.0.1.evil.example:{port_of(world.url)}",), "/health", 403),
        (("Host: localhost",), "http://evil.example/health", 403),
        (("Host: localhost",), "http://localhost@evil.example/health", 403),
        (("Host: localhost",), "http://evil@localhost/health", 403),
        (("Host: user@localhost",), "/health", 403),
        (("Host: 127.0.0.1 evil.example",), "/health", 403),
        (("Host: [",), "/health", 403),
        (("Host:",), "/health", 403),
        (("Host: localhost", "Host: localhost"), "/health", 400),
        (("Host: localhost", "Host: evil.example"), "/health", 400),
        ((), "/health", 400),
    ):
        got, headers, text = await ask(world.url, request(path, *lines))
        assert got == status, (lines, path, text)
        assert headers.keys() >= ON_EVERY_ANSWER
    text = (await ask(world.url, request("/", "Host: box.example")))[2]
    assert "server.names in config.yaml" in text


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_from_elsewhere_is_refused(world: World, path: str) -> None:
    here = f"Host: localhost:{port_of(world.url)}"
    for lines in (
        ("Origin: http://evil.example",),
        ("Origin: null",),
        ("Origin:",),
        (f"Origin: http://localhost:{port_of(world.url) + 1}",),
        (f"Origin: http://127.0.0.1:{port_of(world.url)}",),
        (f"Origin: http://localhost:{port_of(world.url)}@evil.example",),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
        ("Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: websocket"),
    ):
        status, headers, text = await ask(world.url, request(path, here, *lines))
        assert (status, "forbidden" in text) == (403, True), (lines, text)
        assert "access-control-allow-origin" not in headers


async def test_a_link_elsewhere_leads_to_what_is_open_only(world: World) -> None:
    link = ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    for path, method, status in (
        ("/", "GET", 200),
        ("/health", "GET", 200),
        ("/metrics", "GET", 403),
        ("/api/profiles", "GET", 403),
        ("/", "POST", 403),
        ("/no", "GET", 403),
    ):
        sent = request(path, "Host: localhost", "Content-Length: 0", *link, method=method)
        assert (await ask(world.url, sent))[0] == status, path
    own = ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image")
    assert (await ask(world.url, request("/api/profiles", "Host: localhost", *own)))[0] == 200


async def test_a_page_elsewhere_gets_no_socket_but_our_own_does(world: World) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connect(world.url, origin="http://evil.example"):
            pass
    assert refused.value.status == 403
    async with connect(world.url, origin=world.url) as screen:
        await screen.still_there()


async def test_pages_that_the_owner_names_may_use_it() -> None:
    async with running_world(origins=("http://Board.lan:3000/",)) as world:
        async with connect(world.url, origin="http://board.lan:3000") as screen:
            await screen.still_there()
        origin = "Origin: http://board.lan:3000"
        for path in ("/api/profiles", "/no", "/static/app.js"):
            _, headers, _ = await ask(world.url, request(path, "Host: localhost", origin))
            assert headers["access-control-allow-origin"] == "http://board.lan:3000"
            assert headers["vary"] == "Origin"
            assert "access-control-allow-credentials" not in headers
        asking = (
            "Access-Control-Request-Method: PATCH",
            "Access-Control-Request-Headers: authorization",
        )
        sent = request("/api/profiles/x", "Host: localhost", origin, *asking, method="OPTIONS")
        status, headers, text = await ask(world.url, sent)
        assert (status, text) == (204, "")
        assert "PATCH" in headers["access-control-allow-methods"]
        assert headers["access-control-allow-headers"].split(", ") == [
            "Authorization", "Content-Type", "Last-Event-ID", "X-Client-Id",
            "Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name",
        ]  # fmt: skip
        for other in ("http://board.lan", "https://board.lan:3000", "http://board.lan:3001"):
            sent = request("/", "Host: localhost", f"Origin: {other}", *asking, method="OPTIONS")
            status, headers, _ = await ask(world.url, sent)
            assert (status, "access-control-allow-origin" in headers) == (403, False)
        # One that is let go is let go at once.
        world.gateway.reconfigure(Server())
        sent = request("/api/profiles", "Host: localhost", origin)
        assert (await ask(world.url, sent))[0] == 403


async def test_headers_leave_with_every_answer(world: World) -> None:
    host = "Host: localhost"
    for sent, status in (
        (request("/", host), 200),
        (request("/static/app.js", host), 200),
        (request("/api/profiles", host), 200),
        (request("/no", host), 404),
        (request("/health", host, method="DELETE"), 405),
        (request("/health", host, "Expect: wonders"), 417),
        (request("/ws", host), 400),
        (b"\x16\x03\x01 this is TLS, not HTTP\r\n\r\n", 400),
        (request("/health", host, "Secret: hunter2\x01"), 400),
        (request("/health", host, "Content-Length: x"), 400),
        (request("/health", host, f"X-Long: {'x' * 9000}"), 400),
        (request("/health", host, *(f"X-{i}: hunter2" for i in range(100))), 400),
        (request("/api/profiles", host, "Content-Length: 70000", method="POST"), 413),
        (UPGRADE + b"\r\n", 101),
    ):
        got, headers, text = await ask(world.url, sent)
        assert got == status, (sent[:60], text)
        assert headers.keys() >= ON_EVERY_ANSWER, sent[:60]
        assert headers["server"] == "PiChat"
        assert "unsafe" not in headers["content-security-policy"]
        assert "strict-transport-security" not in headers
        assert "hunter2" not in text
        if status >= 400:
            assert set(json.loads(text)) == {"error", "code"}


async def test_a_name_that_was_taken_away_is_unknown_at_once() -> None:
    async with running_world(names=("board.lan",)) as world:
        assert (await ask(world.url, request("/health", "Host: board.lan")))[0] == 200
        world.gateway.reconfigure(Server())
        assert (await ask(world.url, request("/health", "Host: board.lan")))[0] == 403
