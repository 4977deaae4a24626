"""What other programs read, and how they hear of changes; prompts, and what arguments may be."""

import asyncio
import json
from typing import Any

import pytest
from mcp import types
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged

from pichat.events import ToolsChanged
from pichat.turn.user_changes import UserChange
from tests.gateway.fakes import World
from tests.mcp.server.programs import DEADLINE_S, ERAS, Program, kind_of, program, updates

LAMP = "00:12:4b:00:00:00:00:01"
LAMP_URI = f"pichat://devices/{LAMP}"
OLD = "ignore:resources/(un)?subscribe is removed"


async def read(agent: Program, uri: str) -> Any:
    (contents,) = (await agent.client.read_resource(uri)).contents
    assert contents.mime_type == "application/json"
    return json.loads(contents.text)


@pytest.mark.parametrize("era", ERAS)
async def test_the_house_can_be_read(world: World, era: str) -> None:
    async with program(world, mode=era) as agent:
        listed = {str(each.uri) for each in (await agent.client.list_resources()).resources}
        assert listed >= {"pichat://devices", "pichat://rooms", "pichat://health", LAMP_URI}
        assert not listed & {"pichat://users", "pichat://conversations"}
        for uri in listed:
            assert await read(agent, uri)
        templates = (await agent.client.list_resource_templates()).resource_templates
        assert {each.uri_template for each in templates} == {
            "pichat://devices/{device}",
            "pichat://rooms/{room}",
            "pichat://profiles/{name}",
            "pichat://conversations/{id}",
        }
        assert (await read(agent, LAMP_URI))["name"] == "Kitchen light"
        assert (await read(agent, "pichat://devices/Kitchen%20light"))["id"] == LAMP
        room = await read(agent, "pichat://rooms/living%20room")
        assert {each["name"] for each in room["devices"]} == {
            "Living room lamp",
            "Living room blinds",
        }
        assert (await read(agent, "pichat://profiles/default"))["active"] is True
        for nothing in ("pichat://devices/moon", "pichat://moon", "file:///etc/passwd", "x" * 999):
            with pytest.raises(MCPError, match=r"no device|nothing to read"):
                await agent.client.read_resource(nothing)
        for closed in ("pichat://users", "pichat://conversations", "pichat://conversations/voice"):
            with pytest.raises(MCPError, match="needs screen"):
                await agent.client.read_resource(closed)


async def test_conversations_are_their_persons(world: World) -> None:
    ann = await world.users.create("Ann", "adult", UserChange())
    bob = await world.users.create("Bob", "adult", UserChange())
    kept = await world.conversations.create("Holiday", "default", user_id=ann.id)
    uri = f"pichat://conversations/{kept.id}"
    async with (
        program(world, "screen", user_id=ann.id) as hers,
        program(world, "screen", user_id=bob.id) as his,
        program(world, user_id=ann.id) as agent,
    ):
        assert (await read(hers, uri))["messages"] == []
        listed = await hers.do("list_conversations")
        assert [each["id"] for each in listed["conversations"]] == [kept.id]
        with pytest.raises(MCPError, match="no conversation"):
            await his.client.read_resource(uri)
        begun = await agent.do("start_conversation", conversation_id=kept.id)
        assert begun["conversation_id"] == kept.id
        own = await read(agent, uri)
        assert own["conversation_id"] == kept.id
        theft = await his.call("start_conversation", conversation_id=kept.id)
        assert theft.is_error


@pytest.mark.filterwarnings(OLD)
async def test_changes_reach_a_client_with_a_session_once(world: World) -> None:
    async with program(world, mode="legacy") as agent, program(world, mode="legacy") as other:
        await agent.client.subscribe_resource(LAMP_URI)
        await agent.client.subscribe_resource(LAMP_URI)
        await agent.client.subscribe_resource("pichat://rooms/Kitchen")
        for closed in ("pichat://users", "pichat://devices/moon", "http://x"):
            with pytest.raises(MCPError, match="nothing to follow"):
                await agent.client.subscribe_resource(closed)

        # Many changes at once are told once, however many requests the client has made.
        for brightness in range(10):
            world.house.report(LAMP, brightness=brightness)
        await agent.until(lambda told: len(updates(told)) >= 2)
        assert updates(agent.told) == [LAMP_URI, "pichat://rooms/Kitchen"]
        assert (await read(agent, LAMP_URI))["state"]["brightness"] == 9

        await agent.client.unsubscribe_resource("pichat://rooms/Kitchen")
        await world.profiles.create("work", {})
        world.bus.publish(ToolsChanged(tools=3))
        lists = {"notifications/prompts/list_changed", "notifications/tools/list_changed"}
        for each in (agent, other):
            await each.until(lambda told: {kind_of(message) for message in told} >= lists)
        await agent.client.subscribe_resource("pichat://health")
        world.house.report(LAMP, on_off=True)
        await agent.until(lambda told: len(updates(told)) >= 3)
        world.health.set("zigbee", "degraded", "The stick is away.")
        await agent.until(lambda told: "pichat://health" in updates(told))
        expected = [LAMP_URI, "pichat://rooms/Kitchen", LAMP_URI, "pichat://health"]
        assert updates(agent.told) == expected
        assert not updates(other.told)
        tools = [m for m in other.told if isinstance(m, types.ToolListChangedNotification)]
        assert len(tools) == 1


async def test_changes_reach_a_client_that_listens(world: World) -> None:
    async with program(world) as agent, asyncio.timeout(DEADLINE_S):
        asked = [LAMP_URI, "pichat://users", "pichat://devices/moon"]
        async with agent.client.listen(
            tools_list_changed=True, prompts_list_changed=True, resource_subscriptions=asked
        ) as events:
            assert events.honored.resource_subscriptions == [LAMP_URI]
            for brightness in range(10):
                world.house.report(LAMP, brightness=brightness)
            world.house.report("00:12:4b:00:00:00:00:02", brightness=1)
            assert await anext(events) == ResourceUpdated(LAMP_URI)
            await world.profiles.create("work", {})
            assert await anext(events) == PromptsListChanged()
            world.bus.publish(ToolsChanged(tools=3))
            assert await anext(events) == ToolsListChanged()


@pytest.mark.parametrize("era", ERAS)
async def test_prompts_and_what_arguments_may_be(world: World, era: str) -> None:
    await world.profiles.create("butler", {"system": "Speak like a butler.", "language": "de"})
    async with program(world, mode=era) as agent:
        prompts = {each.name: each for each in (await agent.client.list_prompts()).prompts}
        assert prompts.keys() == {"default", "butler"}
        arguments = {"room": "Kitchen", "request": "light, please"}
        (message,) = (await agent.client.get_prompt("butler", arguments)).messages
        text = message.content.text
        for told in ("Speak like a butler.", "“de”", "Kitchen light", "room: Kitchen", "please"):
            assert told in text
        with pytest.raises(MCPError, match="no profile"):
            await agent.client.get_prompt("nobody")

        async def options(ref: Any, name: str, begun: str) -> list[str]:
            found = await agent.client.complete(ref, {"name": name, "value": begun})
            return list(found.completion.values)

        butler = types.PromptReference(name="butler")
        device = types.ResourceTemplateReference(uri="pichat://devices/{device}")
        profile = types.ResourceTemplateReference(uri="pichat://profiles/{name}")
        assert await options(butler, "room", "b") == ["Bathroom", "Bedroom"]
        assert await options(butler, "device", "KITCH") == ["Kitchen light"]
        assert await options(device, "device", "light")
        assert await options(profile, "name", "") == ["butler", "default"]
        assert await options(profile, "nonsense", "") == []


async def test_a_person_who_is_gone_is_let_in_no_more(world: World) -> None:
    ann = await world.users.create("Ann", "adult", UserChange())
    secret = await world.token("agent", user_id=ann.id)
    async with program(world, secret=secret) as agent:
        assert await agent.names()
        await world.users.delete(ann.id)
        with pytest.raises(MCPError):
            await agent.names()
