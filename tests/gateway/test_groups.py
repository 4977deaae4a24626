"""Groups and scenes over the WebSocket."""

from __future__ import annotations

from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen

LIGHTS = ["00:12:4b:00:00:00:00:01", "00:12:4b:00:00:00:00:02"]
LOCK = "00:12:4b:00:00:00:00:09"


async def done(screen: Screen, action: str, payload: Frame) -> Frame:
    reply = await screen.ask(action, payload)
    assert reply["status"] == "complete", reply
    found: Frame = reply["payload"]
    return found


async def refused(screen: Screen, action: str, payload: Frame) -> str:
    return str((await screen.ask(action, payload))["payload"]["code"])


async def test_groups(screen: Screen) -> None:
    payload: Frame = {"name": "Night lights", "device_ids": LIGHTS}
    group = (await done(screen, "create_group", payload))["group"]
    assert (group["name"], group["device_ids"]) == ("Night lights", LIGHTS)
    assert (await done(screen, "get_groups", {}))["groups"] == [group]
    # A group is set as if it were one device, and each of its devices answers.
    payload = {"name": "night lights", "capability": "on_off", "value": True, "transition_s": 1}
    told = await done(screen, "control_device", payload)
    assert [outcome["state"] for outcome in told["outcomes"]] == [True, True]
    payload = {"group_id": group["id"], "name": "Evening lights"}
    group = (await done(screen, "update_group", payload))["group"]
    assert (group["name"], group["device_ids"]) == ("Evening lights", LIGHTS)
    await done(screen, "delete_group", {"group_id": group["id"]})
    assert (await done(screen, "get_groups", {}))["groups"] == []
    assert await refused(screen, "delete_group", {"group_id": "gone"}) == "not_found"
    assert await refused(screen, "create_group", {"name": "x", "device_ids": []}) == "bad_request"


async def test_scenes(world: World, screen: Screen) -> None:
    states = {light: {"on_off": True, "brightness": 20} for light in LIGHTS}
    payload: Frame = {"name": "Movie night", "states": states, "transition_s": 2}
    scene = (await done(screen, "create_scene", payload))["scene"]
    assert (scene["states"], scene["transition_s"]) == (states, 2)
    told = await done(screen, "activate_scene", {"scene": "movie night"})
    assert len(told["outcomes"]) == 4
    assert all(outcome["error"] is None for outcome in told["outcomes"])
    assert world.house.devices()[0].state["brightness"] == 20
    changed = await done(screen, "update_scene", {"scene_id": scene["id"], "capture": True})
    assert changed["scene"]["states"] == {light: {"on_off": True} for light in LIGHTS}
    await done(screen, "delete_scene", {"scene_id": scene["id"]})
    assert await refused(screen, "activate_scene", {"scene": "movie night"}) == "not_found"
    too_long = {**payload, "transition_s": 3601}
    assert await refused(screen, "create_scene", too_long) == "bad_request"


async def test_a_scene_that_unlocks_asks_first(world: World, screen: Screen) -> None:
    states = {LOCK: {"lock": False}, LIGHTS[0]: {"on_off": True}}
    await done(screen, "create_scene", {"name": "Coming home", "states": states})
    told = await done(screen, "activate_scene", {"scene": "Coming home"})
    assert told["outcomes"] == []
    assert told["question"]["text"] == "Shall I unlock the front door?"
    by_id = {device.id: device for device in world.house.devices()}
    assert (by_id[LOCK].state["lock"], by_id[LIGHTS[0]].state["on_off"]) == (True, False)
    await done(screen, "confirm", {"id": told["question"]["id"], "yes": True})
    by_id = {device.id: device for device in world.house.devices()}
    assert (by_id[LOCK].state["lock"], by_id[LIGHTS[0]].state["on_off"]) == (False, True)
