"""Backups: listed, made, looked at, and brought back only when somebody is sure."""

import base64

from pichat.errors import UnsupportedError
from tests.gateway.fakes import World
from tests.gateway.screen import Screen


async def test_backups_are_listed_and_made(world: World, screen: Screen) -> None:
    listed = (await screen.ask("get_backups"))["payload"]["backups"]
    assert [each["name"] for each in listed] == [world.backups.stored.name]
    made = (await screen.ask("create_backup"))["payload"]
    assert made["path"] == f"/state/backups/{world.backups.stored.name}"
    assert made["backup"]["devices"] == 2


async def test_nothing_is_brought_back_before_somebody_is_sure(
    world: World, screen: Screen
) -> None:
    name = world.backups.stored.name
    told = (await screen.ask("restore_backup", {"name": name}))["payload"]
    assert told["plan"]["steps"] == [f"{name}: of shelf"]
    assert told["restored"] is None
    assert world.backups.restored == []
    done = (await screen.ask("restore_backup", {"name": name, "sure": True}))["payload"]
    assert (done["plan"], done["restored"]["devices"]) == (None, 2)
    document = base64.b64encode(b"of a file").decode()
    payload = {"document": document, "sure": True, "allow_new_address": True}
    assert (await screen.ask("restore_backup", payload))["payload"]["restored"]["new_address"]
    assert world.backups.restored == [
        (b"of shelf", name, False),
        (b"of a file", "The file", True),
    ]


async def test_what_cannot_be_brought_back_is_told(world: World, screen: Screen) -> None:
    for payload, code in (
        ({}, "bad_request"),
        ({"document": "?"}, "bad_request"),
        ({"document": "é"}, "bad_request"),
        ({"name": "elsewhere.json"}, "not_found"),
    ):
        reply = await screen.ask("restore_backup", payload)
        assert (reply["status"], reply["payload"]["code"]) == ("error", code)
    world.backups.error = UnsupportedError("It keeps its own.")
    reply = await screen.ask("restore_backup", {"name": world.backups.stored.name, "sure": True})
    assert reply["error"] == "It keeps its own."
