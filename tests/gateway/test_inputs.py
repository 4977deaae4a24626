"""A server's question on the screens, and a person's answer."""

from __future__ import annotations

import asyncio

from tests.gateway.fakes import World
from tests.gateway.screen import Screen

FIELDS = {"properties": {"city": {"type": "string"}}, "required": ["city"]}


async def test_a_screen_hears_what_is_asked_and_answers(world: World, screen: Screen) -> None:
    await screen.ask("subscribe", {"topics": ["questions"]})
    inputs = world.gateway._services.inputs
    asking = asyncio.create_task(inputs.ask("web", "Which town?", FIELDS))
    event = await screen.receive()
    assert (event["status"], event["action"]) == ("event", "input_asked")
    asked = event["payload"]
    assert (asked["server"], asked["text"], asked["fields"]) == ("web", "Which town?", FIELDS)
    assert (await screen.ask("get_inputs"))["payload"]["inputs"][0]["id"] == asked["id"]
    wrong = await screen.ask("answer_input", {"id": asked["id"], "values": {"city": 5}})
    assert wrong["payload"]["code"] == "bad_request"
    assert "“city”" in wrong["error"]
    reply = await screen.ask("answer_input", {"id": asked["id"], "values": {"city": "Berlin"}})
    assert reply["payload"] == {"id": asked["id"], "answer": "yes"}
    assert (await asking).values == {"city": "Berlin"}
