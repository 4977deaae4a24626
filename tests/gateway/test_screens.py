"""Telling other screens what to show, and hearing who did it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from pichat.bus import Bus
from pichat.errors import NotFoundError
from pichat.events import ScreenCommand, ToolCall
from pichat.gateway.door.caller import Caller
from pichat.gateway.screens import Screens
from tests.gateway.fakes import World
from tests.gateway.screen import DEADLINE_S, Frame, Screen, connect

MESSAGE = {"command": "show_notification", "data": {"message": "The washing is done."}}


@asynccontextmanager
async def subscribed(world: World, area: str | None = None) -> AsyncIterator[Screen]:
    token = await world.token("screen", area=area)
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(world.url, headers=headers) as screen:
        await screen.ask("subscribe", {"topics": ["screens"]})
        yield screen


async def told(screen: Screen) -> Frame:
    """The payload of the event that comes next."""
    frame = await screen.receive()
    assert (frame["status"], frame["action"]) == ("event", "frontend_command")
    payload: Frame = frame["payload"]
    return payload


async def test_a_command_reaches_all_one_or_a_room_and_says_who_took_it(world: World) -> None:
    async with AsyncExitStack() as stack:
        kitchen = await stack.enter_async_context(subscribed(world, "Kitchen"))
        hall = await stack.enter_async_context(subscribed(world, "Hallway"))
        sender = await stack.enter_async_context(connect(world.url))
        await sender.ask("subscribe")  # which hears nothing of what it says itself

        request_id = await sender.send("frontend_command", MESSAGE)
        event = await told(kitchen)
        assert event["command"] == "show_notification"
        assert event["data"] == {"message": "The washing is done."}
        assert (event["kind"], event["title"]) == ("notification", "The washing is done.")
        await kitchen.ask("took_command", {"id": event["id"]})
        await told(hall)
        (reply,) = await sender.until_last(request_id)
        assert [each["area"] for each in reply["payload"]["took"]] == ["Kitchen"]
        assert [each["area"] for each in reply["payload"]["sent_to"]] == ["Hallway"]

        # One that says nothing is not waited for a second time: nobody else has to answer here.
        async with asyncio.timeout(0.5):
            reply = await sender.ask("frontend_command", {**MESSAGE, "target": "hallway"})
        assert [each["area"] for each in reply["payload"]["sent_to"]] == ["Hallway"]
        await told(hall)
        # Each way to name a screen; what is no notification is passed on as it is.
        (screens,) = (await sender.ask("get_screens"))["payload"].values()
        assert [each["area"] for each in screens] == ["Kitchen", "Hallway", None]
        command = {"command": "dim", "data": {"to": [1, None]}, "target": screens[1]["id"]}
        await sender.ask("frontend_command", command)
        event = await told(hall)
        assert (event["command"], event["data"], event["kind"]) == (
            "dim",
            {"to": [1, None]},
            "other",
        )

        reply = await sender.ask("frontend_command", {**MESSAGE, "target": "Hallwy"})
        assert reply["payload"]["code"] == "not_found"
        assert "Did you mean “Hallway”?" in reply["error"]
        await kitchen.still_there()  # and heard nothing that was for others


async def test_a_script_and_a_tool_tell_screens_too(world: World) -> None:
    async with subscribed(world) as screen, aiohttp.ClientSession() as session:
        url = f"{world.url}/api/screens/command"
        async with session.post(url, json={**MESSAGE, "target": "all"}) as response:
            assert response.status == 200
            assert len((await response.json())["sent_to"]) == 1
        event = await told(screen)
        assert "took" not in event
        async with session.get(f"{world.url}/api/screens") as response:
            assert len((await response.json())["screens"]) == 1
        call = ToolCall(name="show_on_screen", arguments={"title": "Shopping", "items": ["milk"]})
        services = world.gateway._services
        result = await services.tools.call(call, source="model", turn_id="t")
        assert result.value == {"screens": 1}
        event = await told(screen)
        assert (event["command"], event["kind"]) == ("show_list", "list")
        assert event["data"] == {"title": "Shopping", "message": "Shopping", "items": ["milk"]}


@pytest.mark.parametrize(
    ("command", "told_so"),
    [
        ({"command": "show_notification"}, "lacks a “message”"),
        ({"command": "show_list", "data": {"title": "Shopping"}}, "needs “items”"),
        ({"command": "show_list", "data": {"title": "x", "items": [1]}}, "a list of texts"),
        ({"command": "show_page", "data": {"message": {"a": 1}}}, "have to be texts"),
        ({"command": "x", "data": {"x": "x" * 70_000}}, "at most 64 KiB"),
        ({"command": ""}, "“command” does not fit"),
    ],
)
async def test_what_cannot_be_shown_is_told(
    screen: Screen, command: dict[str, object], told_so: str
) -> None:
    reply = await screen.ask("frontend_command", command)
    assert told_so in reply["error"]


class Wall:
    """A screen on the wall."""

    def __init__(self, name: str, area: str) -> None:
        self.id = f"connection of {name}"
        self.caller: Caller | None = Caller(id=name, name=name, scope="screen", area=area)


async def test_one_that_leaves_is_not_waited_for_and_one_that_is_late_is_again() -> None:
    bus = Bus()
    screens = Screens(bus, patience_s=0.01)
    tablet, clock = Wall("Tablet", "Kitchen"), Wall("Clock", "Kitchen")
    screens.join(tablet)
    screens.join(clock)
    note = ScreenCommand(kind="notification", title="Tea", target="kitchen")
    with bus.subscribe(ScreenCommand) as events:
        shown = await screens.show(note)
        assert (shown.took, len(shown.sent_to)) == ((), 2)
        late = await events.get()
        screens.took(late.id, clock)  # too late to count, but it will be waited for

    patient = Screens(bus, patience_s=DEADLINE_S)
    patient.join(tablet)
    patient.join(clock)
    with bus.subscribe(ScreenCommand) as events:
        showing = asyncio.create_task(patient.show(note))
        event = await events.get()
        patient.took(event.id, clock)
        patient.leave(tablet)
        shown = await showing
    assert [each.name for each in shown.took] == ["Clock"]
    with pytest.raises(NotFoundError, match="“Attic”"):
        await patient.show(ScreenCommand(kind="page", title="Tea", target="Attic"))
    assert (await Screens(bus).show(ScreenCommand(kind="page", title="Tea"))).took == ()
