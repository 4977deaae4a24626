"""Screens are let in by a code."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from pichat.errors import NotFoundError
from pichat.events import PairingChanged
from pichat.gateway.door.pairing import Pairing, WrongCodeError
from pichat.gateway.door.tokens import Tokens
from pichat.store.db import open_database
from tests.gateway.fakes import OWN_SECRET, World, running_world
from tests.gateway.screen import Screen, connect


@pytest.fixture
async def locked() -> AsyncIterator[World]:
    async with running_world(trust_loopback=False) as running:
        yield running


@pytest.fixture
async def admin(locked: World) -> AsyncIterator[Screen]:
    async with connect(locked.url, protocols=("pichat", f"pichat.token.{OWN_SECRET}")) as screen:
        yield screen


async def next_change(screen: Screen) -> dict[str, object]:
    while (frame := await screen.receive())["action"] != "pairing_changed":
        pass
    return dict(frame["payload"])


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_screen_comes_in_by_its_code(locked: World, admin: Screen) -> None:
    await admin.ask("subscribe", {"topics": ["pairing"]})
    started = (await admin.ask("start_pairing", {"area": "kitchen"}))["payload"]
    code = started["pairing"]["code"]
    assert len(code) == 6
    assert code.isdigit()
    # Nobody else can come to a world on loopback, and whoever pairs is told so.
    assert (started["urls"], started["qr_svg"]) == ([], None)
    assert "server.host in config.yaml is 127.0.0.1" in started["problem"]
    assert (await next_change(admin))["state"] == "open"
    async with connect(locked.url) as screen:
        reply = await screen.ask("pair", {"code": f"{code[:3]} {code[3:]}", "name": " Tablet "})
        paired = reply["payload"]
        assert paired["who"]["name"] == "Tablet"
        assert (paired["who"]["scope"], paired["who"]["area"]) == ("screen", "Kitchen")
        await screen.still_there()
        again = await screen.ask("pair", {"code": code})
        assert again["payload"]["code"] == "unauthenticated"
    change = await next_change(admin)
    assert (change["state"], change["name"], change["token_id"]) == (
        "paired",
        "Tablet",
        paired["who"]["id"],
    )
    async with connect(
        locked.url, protocols=("pichat", f"pichat.token.{paired['token']}")
    ) as screen:
        await screen.still_there()
        assert (await screen.ask("start_pairing"))["payload"]["code"] == "not_allowed"
    assert not any(paired["token"] in str(each) for each in locked.door.tokens.all())


async def test_five_wrong_codes_close_the_door(locked: World) -> None:
    tokens, changes = locked.door.tokens, []
    with locked.bus.subscribe(PairingChanged) as heard:
        pairing = Pairing(tokens, locked.bus)
        code = (await pairing.start()).code
        for _ in range(5):
            with pytest.raises(WrongCodeError):
                await pairing.pair(wrong(code))
        with pytest.raises(WrongCodeError, match="pichat pair"):
            await pairing.pair(code)
        changes = [(await heard.get()).state for _ in range(2)]
    assert changes == ["open", "wrong_codes"]
    assert tokens.all() == ()


async def test_a_code_expires_or_is_taken_back(locked: World) -> None:
    with locked.bus.subscribe(PairingChanged) as heard:
        pairing = Pairing(locked.door.tokens, locked.bus, life_s=0.02)
        late = await pairing.start()
        states = [(await heard.get()).state for _ in range(2)]
        with pytest.raises(WrongCodeError):
            await pairing.pair(late.code)
        pairing = Pairing(locked.door.tokens, locked.bus)
        first, guest = await pairing.start(), await pairing.start("guest")
        second = await pairing.start(name="Hall", user="HOUSE")
        assert {each.id for each in pairing.open()} == {guest.id, second.id}
        with pytest.raises(WrongCodeError):
            await pairing.pair(first.code)
        assert pairing.stop("guest")
        assert not pairing.stop("guest")
        with pytest.raises(NotFoundError, match="nobody"):
            await pairing.start(user="nobody")
        token, _ = await pairing.pair(second.code, "what it calls itself")
        assert (token.name, token.user_id, guest.user_id) == ("Hall", "house", "guest")
        states += [(await heard.get()).state for _ in range(6)]
    assert states == ["open", "expired", "open", "open", "stopped", "open", "stopped", "paired"]


async def test_a_code_counts_once_even_for_two_at_the_same_time(locked: World) -> None:
    pairing = locked.door.pairing
    code = (await pairing.start()).code
    came = await asyncio.gather(*(pairing.pair(code) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, tuple) for each in came) == 1
    assert len(locked.door.tokens.all()) == 1


async def test_pairing_over_http(locked: World) -> None:
    async with aiohttp.ClientSession(locked.url) as session:
        own = {"Authorization": f"Bearer {OWN_SECRET}"}
        async with session.post("/api/pairing", json={"scope": "guest"}) as response:
            assert response.status == 401
        async with session.post("/api/pairing", json={"scope": "guest"}, headers=own) as response:
            assert response.status == 201
            code = (await response.json())["pairing"]["code"]
        async with session.post("/api/pair", json={"code": wrong(code)}) as response:
            body = await response.json()
            assert (response.status, body["code"]) == (401, "unauthenticated")
        async with session.post("/api/pair", json={"code": code, "name": "Phone"}) as response:
            assert response.status == 201
            paired = await response.json()
        assert (paired["who"]["user_id"], paired["who"]["scope"]) == ("guest", "guest")
        async with session.post("/api/pairing", json={}, headers=own) as response:
            assert response.status == 201
        async with session.delete("/api/pairing", headers=own) as response:
            assert await response.json() == {"stopped": True}


async def test_each_hears_only_of_what_it_may(locked: World) -> None:
    async with connect(locked.url) as screen:
        await screen.ask("authenticate", {"token": await locked.token("guest")})
        snapshot = (await screen.ask("subscribe"))["payload"]
        assert set(snapshot["topics"]) == {"devices", "health", "screens", "profiles"}
        assert snapshot["joining"] is snapshot["voice"] is None
        for topic in ("turns", "pairing", "network"):
            refused = await screen.ask("subscribe", {"topics": ["devices", topic]})
            assert refused["payload"]["code"] == "not_allowed"
        await screen.ask("authenticate", {"token": await locked.token("screen")})
        topics = (await screen.ask("subscribe"))["payload"]["topics"]
        assert ("turns" in topics, "pairing" in topics, "scores" in topics) == (True, False, False)


async def test_tokens_are_there_after_a_restart(tmp_path: object) -> None:
    async with open_database(tmp_path / "pichat.db") as database:  # type: ignore[operator]
        tokens = await Tokens.load(database)
        token, secret = await tokens.create("Hall", "screen", area="Hall", user_id="house")
        gone, lost = await tokens.create("Gone", "agent", user_id="guest")
        assert tokens.recognise(secret) is not None
        await tokens.flush()
        await tokens.update(token.id, name="Hallway")
        kept = await database.read("SELECT * FROM tokens")
        assert secret not in str(kept)
        assert secret.encode() not in b"".join(row[1] for row in kept)
        # A person's tokens go with the person.
        revoked: list[tuple[str, object]] = []
        tokens.changed = lambda token_id, caller: revoked.append((token_id, caller))
        await database.write("DELETE FROM users WHERE id = 'guest'")
        await tokens.reload()
        assert revoked == [(gone.id, None)]
        assert tokens.recognise(lost) is None
    async with open_database(tmp_path / "pichat.db") as database:  # type: ignore[operator]
        tokens = await Tokens.load(database)
        (again,) = tokens.all()
        assert (again.id, again.name, again.area) == (token.id, "Hallway", "Hall")
        assert again.last_used_s is not None
        caller = tokens.recognise(secret)
        assert caller is not None
        assert caller.name == "Hallway"
