"""Rules for every action that there is."""

import msgspec
import pytest

from pichat.gateway.protocol import Request
from pichat.gateway.registry import REGISTRY, action, load_actions, read_payload
from tests.gateway.fakes import World
from tests.gateway.screen import Screen

ACTIONS = load_actions()


@pytest.mark.parametrize("name", ACTIONS)
def test_each_is_described_and_its_example_fits(name: str) -> None:
    found = ACTIONS[name]
    assert found.description.endswith(".")
    assert issubclass(found.result, msgspec.Struct)
    read_payload(found, Request(action=name, payload=found.example))


@pytest.mark.parametrize("name", ACTIONS)
async def test_each_example_is_answered(world: World, screen: Screen, name: str) -> None:
    request_id = await screen.send(name, ACTIONS[name].example)
    reply = await screen.receive()
    assert reply["request_id"] == request_id
    assert reply["status"] != "error" or reply["payload"]["code"] != "internal"
    if reply["status"] == "complete":
        assert reply["action"] == ACTIONS[name].reply


def test_a_name_that_is_taken_fails() -> None:
    handler = REGISTRY["ping"].handler
    with pytest.raises(TypeError, match="registered twice"):
        action("ping", needs="guest")(handler)
    with pytest.raises(TypeError, match="docstring"):

        @action("nameless", needs="guest")
        def nameless(context: object, payload: dict[str, int]) -> None:
            """Its payload is no Struct."""
