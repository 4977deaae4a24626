"""A refused stick: explained, and repaired only when somebody is sure."""

from pichat.zigbee.stick.refusal import MEANINGS, Refusal
from tests.gateway.fakes import World
from tests.gateway.screen import Screen


async def test_a_refused_stick_is_explained_and_repaired_when_somebody_is_sure(
    world: World, screen: Screen
) -> None:
    nothing = (await screen.ask("repair_network"))["payload"]
    assert nothing == {"done": False, "reason": None, "choices": []}
    world.repairs.refusal = Refusal(reason="It is new.", choices=("restore", "start_afresh"))
    told = (await screen.ask("repair_network"))["payload"]
    assert told["reason"] == "It is new."
    assert [each["choice"] for each in told["choices"]] == ["restore", "start_afresh"]
    asked = (await screen.ask("repair_network", {"choice": "restore"}))["payload"]
    assert asked["choices"] == [{"choice": "restore", "meaning": MEANINGS["restore"]}]
    assert world.repairs.done == []
    payload = {"choice": "restore", "sure": True, "allow_new_address": True}
    assert (await screen.ask("repair_network", payload))["payload"]["done"]
    assert world.repairs.done == [("restore", True)]
    assert (await screen.ask("repair_network", {"choice": "burn"}))["payload"]["code"] == (
        "bad_request"
    )
