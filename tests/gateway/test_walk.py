"""Every way in, whoever asks: one walk over all actions and routes that there are. What is added
later is walked too."""

from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web

from pichat.gateway.context import Context
from pichat.gateway.door.caller import Need
from pichat.gateway.door.entrances import Entrances
from pichat.gateway.registry import REGISTRY, action, load_actions
from pichat.gateway.routes import REGISTRY as ROUTES
from pichat.gateway.routes import route
from tests.gateway.walking import SCOPES, Walk, below, requests, walking

ACTIONS = load_actions()
CODES = {401: "unauthenticated", 403: "not_allowed"}


@pytest.fixture
async def walk() -> AsyncIterator[Walk]:
    async with walking() as walk:
        yield walk


async def test_no_route_lets_in_who_may_not(walk: Walk) -> None:
    ways = requests(walk.gateway.entrances)
    assert len(ways) > 20
    for way, (needs, path, body) in ways.items():
        for token in (None, "unknown", "revoked", *below(needs)):
            if token is None and needs == "anyone":
                continue
            status, text = await walk.http(way[0], path, token, body)
            expected = 401 if token in (None, "unknown", "revoked") else 403
            assert status == expected, (way, token, text)
            assert CODES[expected] in text or path.startswith("/v1/"), (way, token, text)
            assert not walk.asked, (way, token)


async def test_every_route_lets_in_who_may(walk: Walk) -> None:
    for way, (needs, path, body) in requests(walk.gateway.entrances).items():
        for scope in [None] if needs == "anyone" else [needs, "admin"]:
            if scope is not None:
                await walk.renew(scope)
            status, text = await walk.http(way[0], path, scope, body)
            assert status not in (401, 403, 429, 500) or _wants_more(scope, text), (way, text)


async def test_no_action_is_done_for_who_may_not(walk: Walk) -> None:
    for token in ("unknown", "revoked"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with walk.socket(token):
                pass
        assert refused.value.status == 401
    closed = [found for found in ACTIONS.values() if found.needs != "anyone"]
    assert len(closed) > 50
    for found in closed:
        for secret in (None, "unknown", "revoked"):
            async with walk.socket(None) as screen:
                if secret is not None:
                    said = await screen.ask("authenticate", {"token": walk.tokens[secret]})
                    assert said["payload"]["code"] == "unauthenticated"
                walk.asked.clear()
                reply = await screen.ask(found.name, found.example)
                assert reply["payload"]["code"] == "unauthenticated", found.name
                assert not walk.asked, found.name
    for scope in SCOPES:
        async with walk.socket(scope) as screen:
            for found in closed:
                if scope in below(found.needs):
                    walk.asked.clear()
                    reply = await screen.ask(found.name, found.example)
                    assert reply["payload"]["code"] == "not_allowed", (found.name, scope)
                    assert not walk.asked, (found.name, scope)


async def test_every_action_is_done_for_who_may(walk: Walk) -> None:
    done = set()
    for found in ACTIONS.values():
        for scope in ("guest" if found.needs == "anyone" else found.needs, "admin"):
            await walk.renew(scope)
            async with walk.socket(scope) as screen:
                walk.asked.clear()
                reply = await walk.reply(screen, scope, found.name, found.example)
                code = reply["payload"].get("code") if reply["status"] == "error" else None
                # One that is for everyone may ask for a code or a token itself.
                assert code != "internal", (found.name, reply)
                assert code != "unauthenticated" or found.needs == "anyone", (found.name, reply)
                assert code != "not_allowed" or _wants_more(scope, reply["error"]), found.name
                done |= set(walk.asked)
    assert len(done) > 40  # so that “nothing was asked” above says something


def _wants_more(scope: str | None, text: str) -> bool:
    """Whether the example has a wish that goes further than the way in itself does, as to hear of
    something that is not for everyone."""
    return scope != "admin" and "or more." in text and f"needs {scope}" not in text


async def test_a_way_in_without_a_declaration_fails_at_start() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    entrances = Entrances(application.router)
    entrances.add("GET", "/known", handler, needs="guest")
    entrances.check()
    application.router.add_post("/forgotten", handler)
    with pytest.raises(RuntimeError, match="POST /forgotten declares no scope"):
        entrances.check()

    async def forgets(context: Context, payload: dict[str, Any]) -> None:
        """Declares nothing."""

    for needs in ("nobody", "", None):
        with pytest.raises(TypeError, match="scope"):
            action("forgets", needs=cast("Need", needs))(forgets)
        with pytest.raises(TypeError, match="scope"):
            route("GET", "/forgets", needs=cast("Need", needs))(forgets)
    with pytest.raises(TypeError):
        action("forgets")(forgets)  # type: ignore[call-arg]
    assert "forgets" not in REGISTRY
    assert "GET /forgets" not in ROUTES
