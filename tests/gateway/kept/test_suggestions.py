"""Suggestions by WebSocket and HTTP: the owner's, and those of the house."""

from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.gateway.suggestions import MOST, Suggestions
from pichat.store.db import open_database
from tests.gateway.fakes import World, make
from tests.gateway.http import Http
from tests.gateway.screen import Screen, connect

PATH = "/api/suggestions"


def texts(listed: dict[str, Any]) -> list[str]:
    return [each["text"] for each in listed["suggestions"]]


async def test_those_of_the_house_until_there_are_own_ones(
    world: World, screen: Screen, http: Http
) -> None:
    _, made = await http.ask("GET", PATH)
    assert (texts(made), made["own"]) == (
        ["Turn on the Kitchen light", "Turn on the Bedroom light"],
        False,
    )
    assert (await screen.ask("get_suggestions"))["payload"] == made
    # They follow the house.
    await world.house.rename("00:12:4b:00:00:00:00:01", name="Stove light", area="Kitchen")
    assert texts((await http.ask("GET", PATH))[1])[0] == "Turn on the Stove light"
    status, error = await http.ask("DELETE", f"{PATH}/house-1")
    assert (status, "one of your own" in error["error"]) == (404, True)

    async with connect(world.url) as other:
        await other.ask("subscribe", {"topics": ["profiles"]})
        created = await screen.ask("create_suggestion", {"text": "Turn  off all\nlights"})
        assert (await other.receive())["action"] == "suggestions_changed"
    one = created["payload"]["suggestion"]
    assert (one["label"], one["text"]) == ("Turn off all lights", "Turn off all lights")
    _, listed = await http.ask("GET", PATH)
    assert listed == {"suggestions": [one], "own": True}
    left = await screen.ask("delete_suggestion", {"id": one["id"]})
    assert not left["payload"]["own"]
    assert len(left["payload"]["suggestions"]) == 2


async def test_they_stand_in_their_order(http: Http) -> None:
    long = "Tell me everything that is on in this house, please, and also why"
    status, first = await http.ask("POST", PATH, {"text": long})
    assert (status, first["suggestion"]["label"]) == (
        201,
        "Tell me everything that is on in this h…",
    )
    await http.ask("POST", PATH, {"text": "B", "label": "Bee"})
    _, third = await http.ask("POST", PATH, {"text": "C", "place": 0})
    assert texts((await http.ask("GET", PATH))[1]) == ["C", long, "B"]
    path = f"{PATH}/{third['suggestion']['id']}"
    await http.ask("PUT", path, {"place": 99})
    _, changed = await http.ask("PUT", path, {"text": "D"})
    assert changed["suggestion"] == {**third["suggestion"], "text": "D", "label": "D"}
    _, changed = await http.ask("PUT", path, {"label": "Dee"})
    assert changed["suggestion"]["text"] == "D"
    _, listed = await http.ask("GET", PATH)
    assert [each["label"] for each in listed["suggestions"]] == [
        "Tell me everything that is on in this h…",
        "Bee",
        "Dee",
    ]
    # A list as it came can be put back in another order.
    _, put = await http.ask("PUT", PATH, {"suggestions": listed["suggestions"][::-1]})
    assert put["suggestions"][0]["label"] == "Dee"
    _, left = await http.ask("DELETE", f"{PATH}?id={put['suggestions'][0]['id']}")
    assert len(left["suggestions"]) == 2
    _, left = await http.ask("DELETE", PATH)
    assert not left["own"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "", {}, 400),
        ("POST", "", {"text": " \n "}, 400),
        ("POST", "", {"text": "x" * 501}, 400),
        ("POST", "", {"text": "x", "lable": "y"}, 400),
        ("POST", "", {"text": "x", "place": -1}, 400),
        ("POST", "", {"text": "bell\x07"}, 400),
        ("PUT", "", {"suggestions": [{"text": "x"}] * 51}, 400),
        ("PUT", "/nobody", {"text": "x"}, 404),
        ("DELETE", "/nobody", None, 404),
    ],
)
async def test_what_does_not_fit_is_said(
    http: Http, method: str, path: str, body: Any, status: int
) -> None:
    found, error = await http.ask(method, f"{PATH}{path}", body)
    assert found == status
    assert error["error"].endswith((".", "?"))
    assert not (await http.ask("GET", PATH))[1]["own"]


async def test_a_restart_finds_them_and_the_house_is_asked_once(tmp_path: Path) -> None:
    device = make(1, "Lamp", None, "light", on_off=False)
    asked = 0

    def offered() -> list[str]:
        nonlocal asked
        asked += 1
        return ["Turn on the lamp"]

    async with open_database(tmp_path / "x.db") as database:
        part = await Suggestions.load(database, lambda: device.name, offered, Bus())
        for _ in range(3):
            assert [each.text for each in await part.all()] == ["Turn on the lamp"]
        assert asked == 1
        await part.replace([(f"Text {number}", None) for number in range(MOST)])
        kept = part.own
    async with open_database(tmp_path / "x.db") as database:
        again = await Suggestions.load(database, lambda: device.name, offered, Bus())
        assert await again.all() == kept
        with pytest.raises(Exception, match=str(MOST)):
            await again.create("One more")
