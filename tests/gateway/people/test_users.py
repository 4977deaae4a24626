"""People and their settings, by WebSocket and over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pichat.errors import UnavailableError
from pichat.events import UsersChanged
from pichat.turn.user_changes import UserChange
from tests.gateway.fakes import World, running_world
from tests.gateway.http import connected
from tests.gateway.screen import Screen, connect


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_person_moves_in_and_out(world: World, screen: Screen) -> None:
    mia = {"name": "Mia", "kind": "child", "profile": "default"}
    made = await screen.ask("create_user", mia)
    assert made["action"] == "user_created"
    user = made["payload"]["user"]
    assert (user["may_use_cloud"], "set_device_state" in user["tools"]) == (False, True)
    listed = await screen.ask("get_users")
    assert listed["action"] == "users_list"
    assert [each["name"] for each in listed["payload"]["users"]] == ["House", "Guest", "Mia"]
    async with connect(world.url) as other:
        await other.ask("subscribe", {"topics": ["profiles"]})
        changed = await screen.ask("update_user", {"user": "mia", "tools": None, "name": "Mia K."})
        told = await other.receive()
        assert (told["action"], told["payload"]["user_id"]) == ("users_changed", user["id"])
    assert (changed["action"], changed["payload"]["user"]["tools"]) == ("user_updated", None)
    # Whoever moves out is disconnected at once, and so is what they said.
    secret = await world.token("guest", user_id=user["id"])
    await world.conversations.add_user("c1", "t1", "hello", user_id=user["id"])
    async with connect(world.url, headers=bearer(secret)) as tablet:
        assert len((await tablet.ask("get_conversations"))["payload"]["conversations"]) == 1
        gone = await screen.ask("delete_user", {"user": user["id"]})
        assert gone["action"] == "user_deleted"
        assert gone["payload"]["message"] == (
            "“Mia K.” is gone, and with them 1 conversation, and 1 token that let them in."
        )
        async with asyncio.timeout(5):
            while not (await tablet.socket.receive()).type.name.startswith("CLOS"):
                pass
    assert await world.conversations.newest(user_id=user["id"]) == ()
    assert world.door.tokens.recognise(secret) is None


@pytest.mark.parametrize(
    ("action", "payload", "code", "named"),
    [
        ("create_user", {"name": "guest"}, "bad_request", "name"),
        ("create_user", {"name": "X", "kind": "robot"}, "bad_request", "kind"),
        ("create_user", {"name": "X", "profile": "nobody"}, "bad_request", "profile"),
        ("update_user", {"user": "Nobody", "kind": "child"}, "not_found", "Nobody"),
        ("update_user", {"user": "house", "kind": "child"}, "not_allowed", "House"),
        ("delete_user", {"user": "guest"}, "not_allowed", "Guest"),
        ("get_settings", {"user": "Nobody"}, "not_found", "Nobody"),
        ("update_settings", {"selected_model": "gpt-4"}, "bad_request", "selected_model"),
        ("update_settings", {"voice_settings": {"accent": "klingon"}}, "bad_request", "accent"),
        ("update_settings", {"voice_settings": {"gendr": "male"}}, "bad_request", "gendr"),
        ("update_settings", {"selected_modl": "auto"}, "bad_request", "selected_modl"),
        ("update_settings", {"language": "tlh"}, "bad_request", "language"),
        ("update_settings", {"theme": "pink"}, "bad_request", "theme"),
        ("chat", {"text": "hello", "user": "Nobody"}, "not_found", "Nobody"),
    ],
)
async def test_what_does_not_fit_is_named(
    screen: Screen, action: str, payload: dict[str, Any], code: str, named: str
) -> None:
    reply = await screen.ask(action, payload)
    assert (reply["status"], reply["payload"]["code"]) == ("error", code), reply
    assert named in reply["error"]


async def test_settings_as_seed_001_has_them(world: World, screen: Screen) -> None:
    await screen.socket.send_str('{"action": "get_settings"}')
    found = await screen.receive()
    assert (found["action"], found["payload"]["selected_model"]) == ("settings", "auto")
    wished = {"selected_model": "tiny", "voice_settings": {"gender": "female", "accent": "polish"}}
    changed = await screen.ask("update_settings", wished)
    assert changed["action"] == "settings_updated"
    assert changed["payload"]["selected_model"] == "local"  # who asks the model of that name
    assert changed["payload"]["voice_settings"] == wished["voice_settings"]
    assert world.users.standing("house").terms.model == "local"
    # They hold where a request names no voice, field by field.
    await screen.ask("text_to_speech", {"text": "Hi."})
    await screen.ask("text_to_speech", {"text": "Hi.", "voice_gender": "male", "language": "de"})
    (_, first), (language, second) = world.clips.styles
    assert (first.gender, first.accent) == ("female", "polish")
    assert (language, second.gender, second.accent) == ("de", "male", "polish")


async def test_a_message_is_answered_aloud(world: World, screen: Screen) -> None:
    message = {"conversation_id": "c1", "content": "turn on the Kitchen light", "is_audio": True}
    frames = await screen.until_last(await screen.send("send_message", message))
    assert {frame["action"] for frame in frames} == {"message_sent"}
    kinds = [frame["chunk"]["type"] for frame in frames[:-1]]
    assert kinds == ["metadata", "tool", *["text"] * 5, "audio"]
    done = frames[-1]["payload"]
    assert (done["conversation_id"], done["text"]) == ("c1", "The Kitchen light is on.")
    assert done["audio_s"] > 0
    # What cannot be spoken was done all the same.
    world.clips.error = UnavailableError("I cannot speak.")
    spoken = await screen.ask("send_message", {"content": "hm", "is_audio": True})
    assert (spoken["status"], spoken["payload"]["audio_error"]) == ("complete", "I cannot speak.")
    silent = await screen.ask("send_message", {"content": "hm"})
    assert silent["payload"]["audio_s"] is silent["payload"]["audio_error"] is None


async def test_a_tablet_of_the_family(world: World, screen: Screen) -> None:
    anna = await world.users.create("Anna", "adult", UserChange())
    secret = await world.token("screen", area="Kitchen")
    async with connect(world.url, headers=bearer(secret)) as tablet:
        for user in (None, "anna", anna.id, "guest"):
            await tablet.ask("chat", {"text": "hello", **({"user": user} if user else {})})
        said = world.turns.utterances
        assert [each.user_id for each in said] == ["house", anna.id, anna.id, "guest"]
        # On one connection, each person's conversation is another.
        assert len({each.conversation_id for each in said}) == 3
        # It can switch a person, but looks into nobody's conversations.
        settings = await tablet.ask("update_settings", {"user": "Anna", "theme": "dark"})
        assert settings["payload"]["name"] == "Anna"
        refused = await tablet.ask("get_conversations", {"user": "Anna"})
        assert refused["payload"]["code"] == "not_allowed"
    async with asyncio.timeout(5):
        while not world.turns.forgotten:
            await screen.still_there()
    assert world.turns.forgotten == [said[0].conversation_id]


async def test_over_http() -> None:
    async with running_world(trust_loopback=False) as world:
        anna = await world.users.create("Anna", "adult", UserChange())
        telephone = await world.token("screen", user_id=anna.id)
        wall, admin = await world.token("screen"), await world.token("admin")
        guest, program = await world.token("guest"), await world.token("agent")
        async with connected(world.url) as http:

            async def ask(secret: str, way: str, body: Any = None) -> tuple[int, dict[str, Any]]:
                method, path = way.split()
                return await http.ask(method, path, body, **bearer(secret))

            status, made = await ask(admin, "POST /api/users", {"name": "Mia", "kind": "child"})
            assert (status, made["user"]["kind"]) == (201, "child")
            status, shown = await ask(wall, "GET /api/users/mia")
            assert (status, shown) == (200, made)
            assert (await ask(wall, "PATCH /api/users/mia", {"kind": "adult"}))[0] == 403
            status, found = await ask(admin, "PATCH /api/users/Mia", {"may_use_cloud": True})
            assert (status, found["user"]["may_use_cloud"]) == (200, True)
            assert (await ask(admin, "DELETE /api/users/Mia"))[1]["conversations"] == 0
            assert (await ask(admin, "GET /api/users/Mia"))[0] == 404

            status, made = await ask(telephone, "POST /api/conversations", {"title": "Mine"})
            assert status == 201
            path = f"/api/conversations/{made['conversation']['id']}"
            for other in (wall, admin, guest):
                assert (await ask(other, f"GET {path}"))[0] == 404
                assert (await ask(other, f"GET {path}/messages"))[0] == 404
                assert (await ask(other, f"DELETE {path}"))[0] == 404
                assert (await ask(other, "GET /api/conversations"))[1]["conversations"] == []
            assert (await ask(program, "GET /api/conversations"))[0] == 403
            assert (await ask(admin, f"GET {path}?user=anna"))[0] == 200
            assert (await ask(wall, f"GET {path}?user=anna"))[0] == 403
            said = {"content": "turn on the Kitchen light"}
            status, answer = await ask(telephone, f"POST {path}/messages", said)
            assert (status, answer["text"]) == (200, "The Kitchen light is on.")
            assert answer["outcomes"][0]["state"] is True
            assert world.turns.utterances[-1].user_id == anna.id
            status, changed = await ask(telephone, f"PATCH {path}", {"title": "Ours"})
            assert (status, changed["conversation"]["title"]) == (200, "Ours")
            kept = await world.conversations.add_user("c9", "t", "hello", user_id=anna.id)
            assert (await ask(wall, f"DELETE /api/messages/{kept.id}"))[0] == 404
            assert (await ask(telephone, f"DELETE /api/messages/{kept.id}"))[0] == 200
            assert (await ask(telephone, f"DELETE {path}"))[0] == 200

            put = {"theme": "dark", "ui": {"size": 2}}
            assert (await ask(telephone, "PUT /api/settings", put))[1]["theme"] == "dark"
            status, found = await ask(telephone, "PATCH /api/settings", {"ui": {"size": None}})
            assert (found["theme"], found["ui"], found["name"]) == ("dark", {}, "Anna")
            assert (await ask(wall, "GET /api/settings"))[1]["theme"] == "auto"
            assert (await ask(wall, "PATCH /api/settings", {"theme": "pink"}))[0] == 400
            assert (await ask(guest, "PATCH /api/settings", {"theme": "dark"}))[0] == 422
            assert (await ask(program, "PATCH /api/settings", {"theme": "dark"}))[0] == 403


async def test_what_one_says_is_no_others_business(world: World) -> None:
    anna = await world.users.create("Anna", "adult", UserChange())
    mine = await world.token("screen", user_id=anna.id)
    async with (
        connect(world.url, headers=bearer(mine)) as telephone,
        connect(world.url, headers=bearer(await world.token("screen"))) as wall,
    ):
        for screen in (telephone, wall):
            await screen.ask("subscribe", {"topics": ["turns", "profiles"]})
        await telephone.ask("chat", {"text": "a secret"})
        await wall.ask("chat", {"text": "in the kitchen"})
        world.bus.publish(UsersChanged(user_id=anna.id))
        heard: dict[str, list[str]] = {"telephone": [], "wall": []}
        for name, screen in (("telephone", telephone), ("wall", wall)):
            frame: dict[str, Any] = {"action": ""}
            while frame["action"] != "users_changed":
                frame = await screen.receive()
                if frame["action"] == "turn_started":
                    heard[name].append(frame["payload"]["text"])
        assert heard["wall"] == ["in the kitchen"]
        assert "in the kitchen" in heard["telephone"]


async def test_a_visitor_is_nobody(world: World) -> None:
    async with connect(world.url, headers=bearer(await world.token("guest"))) as visitor:
        await visitor.ask("chat", {"text": "hello", "source": "shell"})
        (said,) = world.turns.utterances
        assert (said.user_id, said.source) == ("guest", "guest")
        refused = await visitor.ask("create_conversation", {"title": "Mine"})
        assert refused["payload"]["code"] == "unsupported"
        light = {"name": "Kitchen light", "capability": "on_off", "value": True, "source": "shell"}
        assert (await visitor.ask("control_device", light))["status"] == "complete"
    async with connect(world.url, headers=bearer(await world.token("agent"))) as program:
        await program.ask("chat", {"text": "hello", "source": "screen"})
        assert world.turns.utterances[-1].source == "agent"
