import base64

from tests.gateway.fake_network import LIGHT, LOCK
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen


async def test_a_channel_is_changed_only_after_it_was_said_what_that_means(
    world: World, screen: Screen
) -> None:
    assert (await screen.ask("get_network"))["payload"]["channel"] == 15
    told = (await screen.ask("change_channel", {"channel": 20}))["payload"]
    assert told["plan"]["meaning"] == ["All devices move."]
    assert told["changed"] is None
    assert world.network.channel == 15
    done = (await screen.ask("change_channel", {"channel": 20, "confirm": True}))["payload"]
    assert done["changed"] == {
        "previous": 15,
        "channel": 20,
        "answering": 2,
        "silent": [],
        "asleep": [],
    }
    error = await screen.ask("change_channel", {"channel": 20, "confirm": True})
    assert error["payload"]["code"] == "bad_request"


async def test_looking_needs_nobodys_yes(screen: Screen) -> None:
    nodes = (await screen.ask("scan_network"))["payload"]["nodes"]
    assert [node["id"] for node in nodes] == [LIGHT, LOCK]
    channels = (await screen.ask("scan_energy"))["payload"]["channels"]
    assert channels[0]["wifi_channels"] == [1]
    read = {"device_id": LOCK, "cluster": "door_lock", "attribute": 0}
    assert (await screen.ask("read_attribute", read))["payload"]["attributes"][0]["value"] == 1
    missing = await screen.ask("get_neighbours", {"device_id": "Toaster"})
    assert missing["payload"]["code"] == "not_found"
    exported = (await screen.ask("get_diagnostics"))["payload"]["diagnostics"]
    assert exported["versions"] == {"pichat": "1"}


async def test_writing_to_a_lock_asks_a_person_first(world: World, screen: Screen) -> None:
    write = {"device_id": "Kitchen light", "cluster": "on_off", "attribute": 0x4003, "value": 1}
    done = (await screen.ask("write_attribute", write))["payload"]
    assert done["attribute"]["value"] == 1
    assert done["question"] is None
    world.network.done.clear()

    commands: list[tuple[str, Frame]] = [
        ("send_cluster_command", {"device_id": LOCK, "cluster": 0x0101, "command": 1}),
        ("send_cluster_command", {"device_id": LOCK, "cluster": "on_off", "command": "on"}),
        ("write_attribute", {**write, "device_id": LOCK}),
        ("bind_device", {"device_id": LIGHT, "cluster": "0x101", "target": "Front door lock"}),
    ]
    for action, payload in commands:
        asked = (await screen.ask(action, payload))["payload"]
        assert asked["question"] is not None, action
        assert "Front door lock" in asked["question"]["text"]
        assert world.network.done == [], action
    said = await screen.ask("confirm", {"id": asked["question"]["id"], "yes": True})
    assert said["payload"]["outcomes"][0]["error"] is None
    assert world.network.done == [("bind", LIGHT, "0x101", "Front door lock", None)]


async def test_upkeep_goes_through_the_tools(world: World, screen: Screen) -> None:
    image = base64.b64encode(b"image").decode()
    await screen.ask("update_firmware", {"device_id": LIGHT, "image": image})
    await screen.ask("identify_device", {"device_id": LIGHT})
    report = {"device_id": LIGHT, "cluster": "on_off", "attribute": "on_off"}
    await screen.ask("set_reporting", {**report, "min_interval_s": 1, "max_interval_s": 60})
    await screen.ask("remove_device", {"device_id": LIGHT, "force": True})
    assert world.network.images == [b"image"]
    assert world.network.done == [
        ("firmware", LIGHT, "given"),
        ("identify", LIGHT, 5),
        ("reporting", LIGHT, 1, 60, None),
        ("remove", LIGHT, True),
    ]
    bad = await screen.ask("update_firmware", {"device_id": LIGHT, "image": "no base64!"})
    assert bad["payload"]["code"] == "bad_request"
