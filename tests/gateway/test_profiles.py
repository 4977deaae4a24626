"""Profiles by WebSocket and by REST, over the real service."""

from typing import Any

import aiohttp
import pytest

from pichat.gateway.routes import REGISTRY, load_routes, route
from tests.gateway.fakes import World
from tests.gateway.screen import Screen, connect


async def rest(world: World, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{world.url}/api/profiles{path}", json=body) as response,
    ):
        assert response.content_type == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, await response.json()


async def test_a_profile_from_beginning_to_end(world: World, screen: Screen) -> None:
    settings = {"style": {"rate": 0.9}, "system": "Be kind."}
    words = ["hey_jarvis"]
    created = await screen.ask(
        "create_profile", {"name": "kids", "settings": settings, "wake_words": words}
    )
    profile = created["payload"]["profile"]
    assert profile["settings"]["style"]["rate"] == 0.9
    assert (profile["wake_words"], profile["configured"]) == (words, False)
    update = {"name": "kids", "settings": {"style.accent": "polish"}, "reset": ["system"]}
    changed = (await screen.ask("update_profile", update))["payload"]["profile"]
    assert changed["changed"] == ["style.accent", "style.rate"]
    assert (await screen.ask("activate_profile", {"name": "kids"}))["payload"]["profile"]["active"]
    listed = (await screen.ask("get_profiles"))["payload"]
    assert [each["name"] for each in listed["profiles"]] == ["default", "kids"]
    assert (listed["active"], listed["wake_words"]) == ("kids", {"hey_jarvis": "kids"})
    deleted = (await screen.ask("delete_profile", {"name": "kids"}))["payload"]
    assert deleted == {"name": "kids", "gone": True, "message": "The profile “kids” is gone."}
    deleted = (await screen.ask("delete_profile", {"name": "default"}))["payload"]
    assert not deleted["gone"]
    assert "stands in config.yaml" in deleted["message"]


async def test_other_screens_are_told(world: World, screen: Screen) -> None:
    async with connect(world.url) as other:
        snapshot = await other.ask("subscribe", {"topics": ["profiles"]})
        assert snapshot["payload"]["profiles"] == {
            "type": "profiles_changed",
            "names": ["default"],
            "active": "default",
        }
        await screen.ask("create_profile", {"name": "kids"})
        event = await other.receive()
    assert (event["status"], event["action"]) == ("event", "profiles_changed")
    assert event["payload"]["names"] == ["default", "kids"]


@pytest.mark.parametrize(
    ("action", "payload", "code", "says"),
    [
        ("create_profile", {}, "bad_request", "“name”"),
        ("create_profile", {"name": "default"}, "bad_request", "already"),
        ("create_profile", {"name": "x", "settings": {"sytem": ""}}, "bad_request", "'system'"),
        ("update_profile", {"name": "defualt"}, "not_found", "'default'"),
        ("update_profile", {"name": "default", "settings": []}, "bad_request", "“settings”"),
        ("activate_profile", {"name": "x"}, "not_found", "“x”"),
        ("delete_profile", {"name": "x"}, "not_found", "“x”"),
    ],
)
async def test_what_does_not_fit_is_said(
    screen: Screen, action: str, payload: dict[str, Any], code: str, says: str
) -> None:
    reply = await screen.ask(action, payload)
    assert reply["payload"]["code"] == code
    assert says in reply["error"]


async def test_the_same_over_http(world: World) -> None:
    status, created = await rest(
        world, "POST", "", {"name": "Söhne/2", "settings": {"system": "x"}}
    )
    assert (status, created["profile"]["name"]) == (201, "Söhne/2")
    path = "/S%C3%B6hne%2F2"
    status, changed = await rest(world, "PATCH", path, {"settings": {"may_use_cloud": True}})
    assert (status, changed["profile"]["changed"]) == (200, ["may_use_cloud", "system"])
    status, active = await rest(world, "POST", f"{path}/activate")
    assert (status, active["profile"]["active"]) == (200, True)
    status, listed = await rest(world, "GET", "")
    assert (status, listed["active"]) == (200, "Söhne/2")
    assert (await rest(world, "GET", path))[1] == {"profile": listed["profiles"][1]}
    assert (await rest(world, "DELETE", path))[1]["gone"]
    assert (await rest(world, "GET", path))[0] == 404
    assert world.profiles.active == "default"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nobody", None, 404, "not_found"),
        ("POST", "", {}, 400, "bad_request"),
        ("POST", "", [], 400, "bad_request"),
        ("PATCH", "/default", {"settings": {"system": 5}}, 400, "bad_request"),
        ("PATCH", "/default", {"name": "other"}, 400, "bad_request"),
        ("POST", "", {"name": "x", "settings": {"system": "x" * 70_000}}, 413, "too_large"),
        ("DELETE", f"/{'x' * 65}", None, 400, "bad_request"),
    ],
)
async def test_http_errors_are_sentences(
    world: World, method: str, path: str, body: Any, status: int, code: str
) -> None:
    found, reply = await rest(world, method, path, body)
    assert (found, reply["code"]) == (status, code)
    assert reply["error"].endswith((".", "?"))


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (b"{", "application/json"),
        (b"[" * 5000, "application/json"),
        (b'{"name": "\xff"}', "application/json"),
        (b'{"name": "x"}', "text/plain"),
    ],
)
async def test_a_body_that_is_no_json_is_refused(
    world: World, raw: bytes, content_type: str
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{world.url}/api/profiles", data=raw, headers={"Content-Type": content_type}
        ) as response,
    ):
        assert response.status == 400
        assert (await response.json())["code"] == "bad_request"
    assert world.profiles.names() == ("default",)


async def test_a_foreign_page_changes_nothing(world: World) -> None:
    async with (
        aiohttp.ClientSession(headers={"Origin": "http://evil.example"}) as session,
        session.post(f"{world.url}/api/profiles", json={"name": "x"}) as response,
    ):
        assert response.status == 403
    assert world.profiles.names() == ("default",)


def test_each_route_is_described() -> None:
    for each in load_routes():
        assert each.description.endswith(".")


def test_a_route_that_is_taken_fails() -> None:
    load_routes()
    with pytest.raises(TypeError, match="registered twice"):
        route("GET", "/api/profiles", needs="screen")(REGISTRY["GET /api/profiles"].handler)
    with pytest.raises(TypeError, match="docstring"):

        @route("GET", "/api/nothing", needs="guest")
        async def nothing(services: object, payload: dict[str, int]) -> None:
            """Its payload is no Struct."""
