import pytest

from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen

LIGHT = "00:12:4b:00:00:00:00:01"


async def test_devices_are_listed_with_capabilities_and_state(screen: Screen) -> None:
    reply = await screen.ask("get_devices")
    devices = {device["name"]: device for device in reply["payload"]["devices"]}
    assert len(devices) == 11
    light = devices["Kitchen light"]
    assert (light["id"], light["area"], light["kind"]) == (LIGHT, "Kitchen", "light")
    assert light["state"] == {"on_off": False, "brightness": 60, "colour_temperature": 2700}
    assert light["capabilities"][1] == {
        "name": "brightness",
        "writable": True,
        "unit": "%",
        "minimum": 0,
        "maximum": 100,
        "options": [],
    }


@pytest.mark.parametrize("target", [{"device_id": LIGHT}, {"name": "kitchen LIGHT"}])
async def test_control_is_complete_when_confirmed(
    world: World, screen: Screen, target: Frame
) -> None:
    reply = await screen.ask("control_device", {**target, "capability": "on_off", "value": True})
    assert reply["status"] == "complete"
    payload = reply["payload"]
    assert (payload["device_id"], payload["name"], payload["state"]) == (
        LIGHT,
        "Kitchen light",
        True,
    )
    assert world.house.devices()[0].state["on_off"] is True


async def test_colour_is_an_object(world: World, screen: Screen) -> None:
    colour = {"hue_deg": 120, "saturation_percent": 80}
    reply = await screen.ask(
        "control_device", {"name": "Living room lamp", "capability": "colour", "value": colour}
    )
    assert reply["payload"]["state"] == colour


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"name": "Kitchen light"}, "device_silent", "does not answer"),
        ({"name": "Toaster"}, "not_found", "Toaster"),
        ({"name": None}, "bad_request", "device_id"),
        ({"name": "Office plug", "capability": "lock"}, "unsupported", "has no lock"),
        ({"value": [1]}, "bad_request", "value"),
    ],
)
async def test_what_was_not_done_is_an_error(
    world: World, screen: Screen, change: Frame, code: str, says: str
) -> None:
    world.house.silent.add("Kitchen light")
    payload = {"name": "Kitchen light", "capability": "on_off", "value": True, **change}
    reply = await screen.ask("control_device", payload)
    assert reply["status"] == "error"
    assert reply["payload"]["code"] == code
    assert says in reply["error"]


async def test_a_device_is_renamed_and_moved(screen: Screen) -> None:
    reply = await screen.ask("update_device", {"device_id": LIGHT, "name": "  Reading \n lamp "})
    assert reply["payload"]["device"]["name"] == "Reading lamp"
    assert reply["payload"]["device"]["area"] == "Kitchen"
    reply = await screen.ask("update_device", {"device_id": LIGHT, "area": None})
    assert reply["payload"]["device"]["name"] == "Reading lamp"
    assert reply["payload"]["device"]["area"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"device_id": "nobody"}, "not_found"),
        ({"name": ""}, "bad_request"),
        ({"name": None}, "bad_request"),
        ({"name": " \t"}, "bad_request"),
        ({"name": "a\u202eb"}, "bad_request"),
        ({"area": "x" * 65}, "bad_request"),
    ],
)
async def test_a_bad_name_is_refused(screen: Screen, change: Frame, code: str) -> None:
    reply = await screen.ask("update_device", {"device_id": LIGHT, "name": "x", **change})
    assert reply["payload"]["code"] == code


async def test_what_waits_for_a_sleeping_device_can_be_cancelled(
    world: World, screen: Screen
) -> None:
    world.house.sleep(LIGHT, brightness=40, on_off=True)
    device = (await screen.ask("cancel_waiting", {"device_id": LIGHT, "capability": "on_off"}))[
        "payload"
    ]["device"]
    assert (device["sleepy"], device["waiting"]) == (True, {"brightness": 40})
    device = (await screen.ask("cancel_waiting", {"device_id": LIGHT}))["payload"]["device"]
    assert device["waiting"] == {}
    error = await screen.ask("cancel_waiting", {"device_id": LIGHT})
    assert error["payload"]["code"] == "not_found"
