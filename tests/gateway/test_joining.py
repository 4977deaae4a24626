"""Letting devices in, over the WebSocket."""

from __future__ import annotations

import pytest

from pichat.events import JoinProgress
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen


async def test_joining_is_permitted_for_a_time(world: World, screen: Screen) -> None:
    reply = await screen.ask("permit_join", {"duration_s": 30, "via": "plug"})
    assert reply["status"] == "complete"
    joining = {"type": "joining_changed", "open_until_s": 1030.0, "via": "plug", "device_id": None}
    assert reply["payload"] == {"duration_s": 30, "joining": joining}
    await screen.ask("permit_join", {"device_id": "aa", "install_code": "00"})
    await screen.ask("permit_join", {"qr": "Z:…"})
    assert world.joining.asked == [(30, "plug", None), (120, None, "00"), (120, None, "Z:…")]
    now = (await screen.ask("get_joining"))["payload"]
    assert now["joining"]["open_until_s"] == 1120.0
    assert now["devices"][0]["reason"] == "It is silent."


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("permit_join", {"duration_s": 255}, "bad_request"),
        ("retry_join", {"device_id": "bb"}, "not_found"),
        ("forget_join", {"device_id": "bb"}, "not_found"),
    ],
)
async def test_what_cannot_be(screen: Screen, action: str, payload: Frame, code: str) -> None:
    assert (await screen.ask(action, payload))["payload"]["code"] == code


async def test_one_that_is_stuck_is_asked_again_or_given_up(world: World, screen: Screen) -> None:
    assert (await screen.ask("retry_join", {"device_id": "aa"}))["payload"]["step"] == (
        "interviewing"
    )
    await screen.ask("forget_join", {"device_id": "aa"})
    assert (await screen.ask("get_joining"))["payload"]["devices"] == []


async def test_subscribers_see_it(world: World, screen: Screen) -> None:
    snapshot = (await screen.ask("subscribe", {"topics": ["network"]}))["payload"]
    assert snapshot["joining"]["devices"][0]["device_id"] == "aa"
    world.bus.publish(JoinProgress(device_id="bb", step="interviewing", detail="endpoints"))
    event = await screen.receive()
    assert (event["action"], event["payload"]["detail"]) == ("join_progress", "endpoints")
