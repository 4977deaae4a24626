"""The protocol as it describes itself, held against what the gateway really does."""

import json
import re
from typing import Any

import aiohttp
import msgspec
import pytest
import schemathesis
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from jsonschema_rs import meta
from schemathesis.core.result import Ok

from pichat.cli.protocol import protocol
from pichat.gateway.describe.contracts import contract_of
from pichat.gateway.describe.fields import sample
from pichat.gateway.describe.markdown import markdown
from pichat.gateway.describe.model import describe, errors_of, example_of
from pichat.gateway.describe.openapi import openapi_json
from pichat.gateway.describe.schema import DIALECT, frames_schema, protocol_json
from pichat.gateway.registry import load_actions
from pichat.gateway.routes import Route, load_routes
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen

ACTIONS = load_actions()
ROUTES = {each.name: each for each in load_routes()}
OPENAPI: dict[str, Any] = json.loads(openapi_json())
SCHEMA: dict[str, Any] = json.loads(msgspec.json.encode(frames_schema()))
# What a reference means is looked up in the whole, which is read only once.
FRAMES = Draft202012Validator(SCHEMA)
REPLIES = Draft202012Validator(OPENAPI)
ENDLESS = {"listen_start"}


def frame_errors(frame: Frame, name: str) -> list[str]:
    found = FRAMES.evolve(schema={"$ref": f"#/$defs/{name}"}).iter_errors(frame)
    return [each.message for each in found]


def test_nothing_is_left_without_a_description() -> None:
    told = describe()
    descriptions = {each.name: each.description for each in told.actions}
    descriptions |= {each.name: each.description for each in told.events}
    descriptions |= {f"{each.method} {each.path}": each.description for each in told.routes}
    descriptions |= {each.code: each.description for each in told.errors}
    for name, description in descriptions.items():
        assert len(description) > 10, name
        assert description.endswith("."), name
    assert {each.name for each in told.actions} == ACTIONS.keys()
    assert {f"{each.method} {each.path}" for each in told.routes} == ROUTES.keys()
    codes = {each.code for each in told.errors}
    assert codes.issuperset(code for action in told.actions for code in action.errors)
    assert codes.issuperset(code for route in told.routes for code in route.errors)


@pytest.mark.parametrize("name", ACTIONS)
def test_the_frames_shown_fit_the_types_and_the_schema(name: str) -> None:
    (view,) = [each for each in describe().actions if each.name == name]
    for frame in view.request_frames:
        assert not frame_errors(json.loads(json.dumps(frame)), f"request.{name}")
    for frame in view.reply_frames:
        assert not frame_errors(json.loads(json.dumps(frame)), f"reply.{name}")
    msgspec.convert(sample(ACTIONS[name].result), ACTIONS[name].result)


def test_the_schema_is_one_and_refuses_what_does_not_fit() -> None:
    meta.validate(SCHEMA)
    for each in describe().events:
        assert not frame_errors(json.loads(json.dumps(each.frame)), f"event.{each.name}")
    chat = {"action": "chat", "payload": {"text": "hello"}}
    assert not frame_errors(chat, "request.chat")
    assert frame_errors({"action": "chat"}, "request.chat")
    assert frame_errors({"action": "chat", "payload": {"text": 1}}, "request.chat")
    assert not frame_errors({"action": "ping"}, "request.ping")
    assert frame_errors({"action": "pong"}, "request.ping")


def test_what_a_handler_may_reply_with_is_read_from_its_source() -> None:
    chat = contract_of(ACTIONS["chat"].handler)
    assert (chat.begins, set(chat.chunks)) == (True, {"text", "tool", "image"})
    assert contract_of(ACTIONS["text_to_speech"].handler).chunks == ("audio",)
    assert contract_of(ACTIONS["ping"].handler).errors == frozenset()
    # From the part's contract, from a function that it calls, and from its own words.
    assert "not_found" in contract_of(ACTIONS["get_conversation"].handler).errors
    assert "bad_request" in contract_of(ACTIONS["update_conversation"].handler).errors
    assert "not_found" in contract_of(ACTIONS["confirm"].handler).errors


async def test_each_action_replies_as_is_told(screen: Screen) -> None:
    for name, action in ACTIONS.items():
        request_id = await screen.send(name, action.example)
        while True:
            frame = await screen.receive()
            if frame["request_id"] != request_id or frame["status"] == "event":
                continue
            assert not frame_errors(frame, f"reply.{name}"), frame
            if frame["status"] == "error":
                assert frame["payload"]["code"] in errors_of(action), frame
            if name in ENDLESS or frame["status"] in ("complete", "error"):
                break


def test_it_is_printed_as_it_is_served() -> None:
    run = CliRunner().invoke
    text = run(protocol).output
    assert text == markdown() + "\n"
    for name in (*ACTIONS, *ROUTES, *(each.name for each in describe().events)):
        assert re.search(rf"^### {re.escape(name)}( \(.*\))?$", text, re.MULTILINE), name
    assert run(protocol, ["--format", "json"]).output == protocol_json().decode() + "\n"
    assert run(protocol, ["--format", "openapi"]).output == openapi_json().decode() + "\n"


async def test_it_is_served_with_its_page(world: World) -> None:
    async with aiohttp.ClientSession() as session:
        for path, content in (
            ("/openapi.json", openapi_json()),
            ("/protocol.json", protocol_json()),
        ):
            async with session.get(f"{world.url}{path}") as response:
                assert response.content_type == "application/json"
                assert await response.read() == content
        async with session.get(f"{world.url}/docs") as response:
            page = await response.text()
    assert '<script type="module" src="/static/docs.js">' in page
    assert not re.search(r"<script(?![^>]*src=)|<style| on\w+=| style=", page)


# --- routes ----------------------------------------------------------------------------------


def test_the_openapi_is_valid_and_whole() -> None:
    found = schemathesis.openapi.from_dict(OPENAPI)
    operations = [each.ok() for each in found.get_all_operations() if isinstance(each, Ok)]
    assert {f"{each.method.upper()} {each.path}" for each in operations} == {
        "GET /health",
        "GET /metrics",
        *(re.sub(r"\{(\w+):[^}]*\}", r"{\1}", name) for name in ROUTES),
    }
    ids = [each["operationId"] for path in OPENAPI["paths"].values() for each in path.values()]
    assert len(set(ids)) == len(ids)
    for schema in OPENAPI["components"]["schemas"].values():
        meta.validate({"$schema": DIALECT, **schema})


async def test_each_route_replies_as_is_told(world: World) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        for route in ROUTES.values():
            method, url, query, body = request_of(route)
            async with session.request(
                method, f"{world.url}{url}", params=query, json=body
            ) as response:
                path = re.sub(r"\{(\w+):[^}]*\}", r"{\1}", route.path)
                replies = OPENAPI["paths"][path][method.lower()]["responses"]
                assert str(response.status) in replies, (route.name, await response.text())
                assert response.status != 500
                content = replies[str(response.status)]["content"]
                if response.content_type == "application/json" and "*/*" not in content:
                    schema = content["application/json"]["schema"]
                    validator = REPLIES.evolve(schema=schema)
                    found = validator.iter_errors(await response.json())
                    assert not [each.message for each in found], route.name


def request_of(route: Route) -> tuple[str, str, dict[str, str], dict[str, Any] | None]:
    """Method, path, query and body of the route's example."""
    rest = dict(example_of(route))
    url = re.sub(r"\{(\w+)[^}]*\}", lambda found: str(rest.pop(found[1])), route.path)
    msgspec.convert(example_of(route), route.payload, strict=False)
    if route.method in ("GET", "DELETE") or route.raw_body:
        return route.method, url, {key: str(value) for key, value in rest.items()}, None
    return route.method, url, {}, rest
