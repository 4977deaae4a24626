"""The house for other programs: what they may do, and what comes of it, in both eras."""

import asyncio
import json
from typing import Any

import jsonschema
import pytest
from mcp.shared.exceptions import MCPError

from pichat.gateway.door.caller import HOUSE
from pichat.mcp.switches import Whose
from pichat.tools.questions import LIFE_S
from tests.gateway.fakes import World
from tests.gateway.screen import connect
from tests.mcp.server.programs import ERAS, program, working

OF_ADMINS = {"create_profile", "update_profile", "delete_profile", "create_user", "update_user"}
OF_SCREENS = {"list_users", "list_conversations", "get_messages", "update_device", "create_scene"}
OF_ALL = {"set_device_state", "list_rooms", "list_devices", "send_message", "start_conversation"}


@pytest.mark.parametrize("era", ERAS)
async def test_a_program_acts_in_the_house(world: World, era: str) -> None:
    async with program(world, mode=era) as agent:
        told = agent.client
        assert told.server_info is not None
        assert told.server_info.name == "pichat"
        assert "question" in (told.instructions or "")
        listed = (await told.list_tools()).tools
        tools = {tool.name: tool for tool in listed}
        assert len(tools) == len(listed)
        assert tools.keys() >= OF_ALL
        assert not tools.keys() & (OF_ADMINS | OF_SCREENS)
        for tool in tools.values():
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            jsonschema.Draft202012Validator.check_schema(tool.output_schema)
            assert tool.input_schema["type"] == tool.output_schema["type"] == "object"
            assert tool.description, tool.name
        assert tools["list_rooms"].annotations.read_only_hint
        acting = tools["set_device_state"].annotations
        assert not acting.read_only_hint
        assert acting.destructive_hint
        assert not acting.open_world_hint

        # As models name things; the client itself holds the result to the schema.
        done = await agent.do(
            "set_device_state", devices=["the kitchen light"], capability="on_off", value="on"
        )
        (outcome,) = done["outcomes"]
        assert (outcome["device_name"], outcome["state"]) == ("Kitchen light", True)
        lamp = world.house.devices()[0]
        assert lamp.state["on_off"] is True

        rooms = (await agent.do("list_rooms"))["value"]
        assert rooms["Kitchen"] == {"light": 1}
        devices = (await agent.do("list_devices"))["devices"]
        assert devices[0]["state"]["on_off"] is True
        assert (await agent.do("list_profiles"))["active"] == "default"
        assert (await agent.do("get_health"))["status"] == "ok"


@pytest.mark.parametrize("era", ERAS)
async def test_what_fails_is_told_in_a_sentence(world: World, era: str) -> None:
    world.house.silent.add("Bedroom light")
    async with program(world, mode=era) as agent:
        silent = await agent.call(
            "set_device_state", devices=["bedroom light"], capability="on_off", value=True
        )
        assert silent.is_error
        (outcome,) = silent.structured_content["outcomes"]
        assert outcome["error_code"] == "device_silent"
        assert outcome["error"] in silent.content[0].text

        nowhere = await agent.call(
            "set_device_state", devices=["moon lamp"], capability="on_off", value=True
        )
        assert nowhere.is_error
        assert "moon lamp" in nowhere.content[0].text
        assert nowhere.meta["pichat/code"] == "not_found"

        wrong = await agent.call("get_confirmation", id="x", wait_s=1000)
        assert wrong.is_error
        assert "wait_s" in wrong.content[0].text
        unasked = await agent.call("get_confirmation", id="nobody")
        assert unasked.meta["pichat/code"] == "not_found"

        # A program sees who may do it, and why it may not.
        refused = await agent.call("delete_profile", name="default")
        assert refused.is_error
        assert "needs admin" in refused.content[0].text
        with pytest.raises(MCPError, match="no tool “nonsense”"):
            await agent.call("nonsense")


async def test_a_door_waits_for_a_person(world: World) -> None:
    """A program cannot say yes, whatever its token is; it can ask what came of it."""
    async with program(world, "admin") as agent, connect(
        world.url, headers={"Authorization": f"Bearer {await world.token('screen')}"}
    ) as screen:  # fmt: skip
        unlock = {"devices": ["front door lock"], "capability": "lock", "value": False}
        first = await agent.do("set_device_state", **unlock)
        question = first["question"]
        assert first["outcomes"] == []
        assert question["text"]
        result = await agent.call("set_device_state", **unlock)
        again = result.structured_content["question"]["id"]
        assert again != question["id"]
        assert again in result.content[0].text
        assert "Nothing was done yet" in result.content[0].text
        assert (await agent.do("get_confirmation", id=question["id"]))["answer"] == "expired"
        assert (await agent.do("get_confirmation", id=again))["answer"] == "waiting"
        assert "confirm" not in await agent.names()

        said = await agent.do("send_message", message="turn on the kitchen light")
        assert said["code"] is None
        assert world.turns.utterances[-1].source == "agent"

        waiting = asyncio.ensure_future(agent.do("get_confirmation", id=again, wait_s=LIFE_S))
        await screen.ask("confirm", {"id": again, "yes": True})
        opened = await waiting
        assert opened["answer"] == "yes"
        (outcome,) = opened["outcomes"]
        assert outcome["state"] is False
        assert "it was done" in opened["message"]

        asked = (await agent.do("set_device_state", **unlock | {"value": True}))["outcomes"]
        assert asked  # locking asks nobody
        third = (await agent.do("set_device_state", **unlock))["question"]["id"]
        await screen.ask("confirm", {"id": third, "yes": False})
        assert (await agent.do("get_confirmation", id=third))["answer"] == "no"


@pytest.mark.parametrize("era", ERAS)
async def test_a_conversation_with_progress(world: World, era: str) -> None:
    pieces: list[str] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        assert total is None
        assert done == len(pieces) + 1
        pieces.append(message or "")

    async with program(world, mode=era) as agent, program(world, mode=era) as other:
        begun = await agent.do("start_conversation", system_prompt="You are a butler.")
        assert begun["profile"] == "default"
        result = await agent.call(
            "send_message",
            progress,
            message="turn off the kitchen light",
            conversation_id=begun["conversation_id"],
        )
        answer = result.structured_content
        assert answer["text"] == result.content[0].text == "The Kitchen light is off."
        assert answer["conversation_id"] == begun["conversation_id"]
        assert answer["questions"] == []
        assert "".join(pieces) == "(set_device_state)The Kitchen light is off."
        (said,) = world.turns.utterances
        assert (said.source, said.terms.system) == ("agent", "You are a butler.")

        failed = await agent.call("send_message", message="nonsense")
        assert failed.is_error
        assert failed.structured_content["code"] == "not_understood"
        crashed = await agent.call("send_message", message="crash")
        assert "a secret" not in str(crashed)
        assert "its log" in crashed.content[0].text

        # Nobody goes on with what was said to another program.
        stolen = await other.call(
            "send_message", message="wait", conversation_id=begun["conversation_id"]
        )
        assert stolen.meta["pichat/code"] == "not_found"
        resumed = await other.call("start_conversation", conversation_id="voice")
        assert resumed.meta["pichat/code"] == "not_allowed"


async def test_a_program_that_goes_ends_its_turn(world: World) -> None:
    async with program(world) as agent:
        async with working(agent.call("send_message", message="wait")):
            await world.turns.waiting.wait()
        async with asyncio.timeout(10):
            await world.turns.ended.wait()
        assert (await agent.do("list_rooms"))["value"]  # the others go on


async def test_an_admin_arranges_the_house(world: World) -> None:
    async with program(world, "admin") as agent:
        assert await agent.names() >= OF_ALL | OF_SCREENS | OF_ADMINS
        settings = {"parameters.temperature": 0.3, "system": "Be brief."}
        made = await agent.do("create_profile", name="work", settings=settings)
        assert made["profile"]["settings"]["parameters"]["temperature"] == 0.3
        assert world.profiles.get("work").parameters.temperature == 0.3
        changed = await agent.do(
            "update_profile", name="work", settings={"parameters": {"max_tokens": 99}}
        )
        assert "parameters.max_tokens" in changed["profile"]["changed"]
        wrong = await agent.call("update_profile", name="work", settings={"parameters.top_p": 7})
        assert wrong.is_error
        assert "top_p" in wrong.content[0].text
        await agent.do("activate_profile", name="work")
        assert world.profiles.active == "work"

        lamp = world.house.devices()[0]
        await agent.do("update_device", device_id=lamp.id, name="Reading lamp", area=None)
        assert world.house.devices()[0].name == "Reading lamp"
        lock = next(each for each in world.house.devices() if each.kind == "lock")
        await agent.call("update_device", device_id=lock.id, confirm=False)
        assert next(each for each in world.house.devices() if each.id == lock.id).confirm

        user = (await agent.do("create_user", name="Mia", kind="child"))["user"]
        assert user["id"] in {each.id for each in world.users.all()}
        gone = await agent.do("delete_user", user="Mia")
        assert "Mia" in gone["message"]


async def test_each_call_has_one_line_in_the_audit(world: World) -> None:
    async with program(world) as agent:
        await agent.do("list_rooms")
        await agent.do("list_devices")
        await agent.call("delete_profile", name="default")
        await agent.do("send_message", message="count 3")
    assert world.agents.audit is not None
    await world.agents.audit.flushed()
    lines = await world.database.read(
        "SELECT source, tool, arguments, outcome FROM audit ORDER BY rowid"
    )
    assert lines == [
        ("agent", "list_rooms", "{}", "ok"),
        ("agent", "list_devices", "{}", "ok"),
        ("agent", "delete_profile", '{"name":"default"}', "not_allowed"),
        ("agent", "send_message", "{}", "ok"),
    ]


async def test_what_is_switched_off_for_a_token(world: World) -> None:
    token, secret = await world.door.tokens.create("Butler", "agent", area=None, user_id=HOUSE)
    async with program(world, secret=secret) as agent, program(world) as other:
        clients = world.gateway._services.clients
        await clients.set_tools(token.id, ("*", "!set_*", "!send_message"))
        assert not await agent.names() & {"set_device_state", "send_message"}
        assert await other.names() >= {"set_device_state", "send_message"}
        for name in ("set_device_state", "send_message"):
            refused = await agent.call(name, message="hello")
            assert refused.meta["pichat/code"] == "not_allowed"
        assert not world.turns.utterances


async def test_tools_elsewhere_are_passed_on_where_that_was_switched_on(world: World) -> None:
    token, secret = await world.door.tokens.create("Butler", "agent", area=None, user_id=HOUSE)
    forecast, everything = "weather__get_forecast", world.elsewhere.tools.now.tools
    assert forecast in everything
    async with program(world, secret=secret) as agent, program(world, "admin") as other:
        assert not await agent.names() & everything.keys()
        with pytest.raises(MCPError, match="no tool"):
            await agent.call(forecast, city="Ulm")
        await world.elsewhere.switches.change(Whose(kind="token", name=token.id), on=[forecast])
        assert await agent.names() & everything.keys() == {forecast}
        assert not await other.names() & everything.keys()
        (tool,) = [t for t in (await agent.client.list_tools()).tools if t.name == forecast]
        assert tool.annotations.open_world_hint
        assert json.dumps(tool.input_schema).count("city") == 1
        await world.elsewhere.switches.change(Whose(), off=["weather__*"])
        assert not await agent.names() & everything.keys()


async def test_programs_that_ask_each_other_end_somewhere(world: World) -> None:
    async with program(world) as agent:

        async def at(depth: Any) -> Any:
            return await agent.client.call_tool(
                "send_message", {"message": "count 1"}, meta={"pichat/depth": depth}
            )

        assert not (await at(3)).is_error
        assert world.turns.utterances[-1].depth == 3
        for depth in (4, 99, "none", -1):
            result = await at(depth)
            if result.is_error:
                assert "asked each other" in result.content[0].text
        assert len(world.turns.utterances) <= 3
