"""Which tools there are, and switching them on and off for a client, a person or a profile."""

import aiohttp
import pytest

from pichat.tools.patterns import permits, switched
from tests.gateway.fakes import World
from tests.gateway.screen import Frame, Screen, connect

NAMES = ("activate_scene", "get_device_state", "get_house_state", "set_device_state")


@pytest.mark.parametrize(
    ("patterns", "permitted"),
    [
        (None, NAMES),
        (("*",), NAMES),
        ((), ()),
        (("get_*",), NAMES[1:3]),
        (("!get_*",), (NAMES[0], NAMES[3])),
        (("*", "!get_*", "get_house_state"), (NAMES[0], NAMES[2], NAMES[3])),
    ],
)
def test_the_last_pattern_that_fits_counts(
    patterns: tuple[str, ...] | None, permitted: tuple[str, ...]
) -> None:
    assert tuple(name for name in NAMES if permits(patterns, name)) == permitted


@pytest.mark.parametrize(
    ("patterns", "on", "off", "made"),
    [
        (None, (), ("set_*",), ("*", "!set_*")),
        (("*", "!set_*"), ("set_*",), (), None),
        (("*", "!set_*"), ("set_device_state",), (), ("*", "!set_*", "set_device_state")),
        (("get_*",), ("get_device_state",), (), ("get_*",)),
        (("get_*",), (), ("set_*",), ("get_*",)),
        (None, (), ("later_*",), ("*", "!later_*")),
        ((), ("get_*",), (), ("get_*",)),
        (None, ("set_*",), ("set_*",), ("*", "!set_*")),
    ],
)
def test_switching_says_nothing_twice(
    patterns: tuple[str, ...] | None,
    on: tuple[str, ...],
    off: tuple[str, ...],
    made: tuple[str, ...] | None,
) -> None:
    assert switched(patterns, on, off, NAMES) == made


def refused(reply: Frame) -> dict[str, list[str]]:
    tools = reply["payload"]["tools"]
    return {each["name"]: each["refused_by"] for each in tools if not each["allowed"]}


async def test_a_client_switches_tools_and_each_turn_of_it_is_narrowed(
    world: World, screen: Screen
) -> None:
    reply = await screen.ask("get_tools")
    tools = {each["name"]: each for each in reply["payload"]["tools"]}
    assert refused(reply) == {}
    assert tools["set_device_state"]["permission"] == "act"
    assert "target" in str(tools["set_device_state"]["schema"])
    assert tools["set_device_state"]["description"].endswith(".")

    reply = await screen.ask("update_tool_preferences", {"off": ["show_*"]})
    assert refused(reply) == {"show_on_screen": ["client"]}
    client_id = reply["payload"]["preferences"]["client_id"]
    await screen.ask("chat", {"text": "hello"})
    assert world.turns.utterances[-1].terms.tools == ("*", "!show_*")

    async with aiohttp.ClientSession() as session:
        url = f"{world.url}/api/clients/{client_id}/tools"
        async with session.put(url, json={"on": ["show_*"]}) as response:
            assert (await response.json())["preferences"]["client"] is None
        async with session.put(url, json={"tools": ["get_*"]}) as response:
            assert (await response.json())["preferences"]["client"] == ["get_*"]
        async with session.get(url) as response:
            assert (await response.json())["preferences"]["client"] == ["get_*"]


async def test_profiles_and_persons_are_switched_by_an_admin(world: World, screen: Screen) -> None:
    reply = await screen.ask("update_tool_preferences", {"profile": "default", "off": ["list_*"]})
    assert refused(reply) == {"list_rooms": ["profile"]}
    reply = await screen.ask("update_tool_preferences", {"user": "House", "off": ["find_*"]})
    assert refused(reply) == {"list_rooms": ["profile"], "find_devices": ["person"]}
    reply = await screen.ask("create_user", {"name": "Ada"})
    await screen.ask("update_tool_preferences", {"user": "Ada", "tools": ["get_*"]})
    token = await world.token("screen", user_id=reply["payload"]["user"]["id"])
    async with connect(world.url, headers={"Authorization": f"Bearer {token}"}) as hers:
        assert refused(await hers.ask("get_tools"))["list_rooms"] == ["profile", "person"]
        change = {"profile": "default", "tools": None}
        assert (await hers.ask("update_tool_preferences", change))["payload"]["code"] == (
            "not_allowed"
        )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"profile": "nobody", "on": ["x"]}, "no profile"),
        ({"user": "Nobody", "on": ["x"]}, "Nobody"),
        ({"user": "Ada", "profile": "default"}, "one of"),
        ({"tools": ["x"], "on": ["y"]}, "either “tools”"),
        ({"on": [""]}, "“on"),
    ],
)
async def test_what_cannot_be_switched_is_told(screen: Screen, change: Frame, told: str) -> None:
    reply = await screen.ask("update_tool_preferences", change)
    assert told in reply["error"]
