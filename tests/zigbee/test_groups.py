"""Many devices at once, judged by the simulated devices themselves and by what was on the air."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from pichat.errors import BadRequestError, DeviceSilentError, NotFoundError
from pichat.events import Colour, GroupsChanged, State
from pichat.simulator.control import SimulatorClient
from tests.zigbee.many import Thing, house_of, many
from tests.zigbee.running import Running

KITCHEN = many("Kitchen", "light", "light-color-temperature", 4)
LOUNGE = many("Lounge", "lamp", "light-color", 3)
HALL = many("Hall", "spot", "light-on-off", 3)
PLUGS = [*many("Lounge", "plug", "plug", 1), *many("Office", "plug", "plug", 1)]
THINGS = [*KITCHEN, *LOUNGE, *HALL, *PLUGS]
CLUSTER_COMMAND = 1
"""ZCL's frame type: neither reading nor reporting."""

pytestmark = pytest.mark.asyncio(loop_scope="module")
House = tuple[Running, SimulatorClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def many_lights(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all tests of this file, whose devices know their groups."""
    directory = tmp_path_factory.mktemp("many")
    async with house_of(directory, THINGS, pair=True, radio_delay_ms=2) as (running, sim):
        await running.parts.together.membership.settled()
        yield running, sim


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def all_off(many_lights: House) -> None:
    running, _ = many_lights
    told = await running.hub.set_many(ids(running, "Kitchen", "Lounge", "Hall"), "on_off", False)
    assert set(told.values()) == {False}
    running.parts.together.many.multicast.lately.clear()  # as if some time had passed


def ids(running: Running, *rooms: str, kind: str = "light") -> list[str]:
    return [d.id for d in running.hub.devices() if d.area in rooms and d.kind == kind]


async def on(sim: SimulatorClient, things: list[Thing]) -> list[State]:
    return [(await sim.values(name.replace(" ", "-")))["on"] for name, *_ in things]


async def now(sim: SimulatorClient) -> float:
    """When the last message went over the air."""
    return float((await sim.request("log"))["messages"][-1]["at_s"])


async def sent(sim: SimulatorClient, cluster: int, since: float) -> set[str]:
    """The different commands that went out on a cluster."""
    log = (await sim.request("log"))["messages"]
    return {
        m["payload"]
        for m in log
        if m["way"] == "to"
        and m["cluster"] == cluster
        and m["at_s"] > since
        and int(m["payload"][:2], 16) & 3 == CLUSTER_COMMAND
    }


async def test_all_lights_are_told_at_once(many_lights: House) -> None:
    running, sim = many_lights
    lights = ids(running, "Kitchen", "Lounge", "Hall")
    since = await now(sim)
    told = await running.hub.set_many(lights, "on_off", True)
    assert told == dict.fromkeys(lights, True)
    assert len(await sent(sim, 0x0006, since)) == 1
    assert await on(sim, [*KITCHEN, *LOUNGE, *HALL]) == [True] * 10
    assert (await sim.values("lounge-plug-1"))["on"] is False
    # Once more: nothing changes, so nothing is reported, and all is confirmed all the same.
    assert await running.hub.set_many(lights, "on_off", True) == told
    # A room has its own group, and nobody else hears of it.
    kitchen = ids(running, "Kitchen")
    assert await running.hub.set_many(kitchen, "on_off", False) == dict.fromkeys(kitchen, False)
    assert await on(sim, [*KITCHEN, *LOUNGE]) == [False] * 4 + [True] * 3


async def test_levels_and_colours(many_lights: House) -> None:
    running, sim = many_lights
    dimmable = ids(running, "Kitchen", "Lounge")
    told = await running.hub.set_many(dimmable, "brightness", 40, transition_s=0.3)
    assert told == dict.fromkeys(dimmable, 40)
    assert (await sim.values("kitchen-light-2"))["brightness"] == 40
    # Those that are off are lit first; a light without colour says so, and costs the rest nothing.
    lounge = ids(running, "Lounge")
    await running.hub.set_many(lounge, "on_off", False)
    green = Colour(hue_deg=120, saturation_percent=100)
    colours = await running.hub.set_many([*lounge, ids(running, "Hall")[0]], "colour", green)
    *fine, spot = colours.values()
    assert all(isinstance(each, Colour) and abs(each.hue_deg - 120) < 3 for each in fine)
    assert "has no colour" in str(spot)
    assert await on(sim, LOUNGE) == [True] * 3
    # Nought percent is off.
    assert await running.hub.set_many(lounge, "brightness", 0) == dict.fromkeys(lounge, 0)
    assert await on(sim, LOUNGE) == [False] * 3


async def test_whoever_did_not_hear_is_told_alone(many_lights: House) -> None:
    running, sim = many_lights
    lights = ids(running, "Kitchen", "Lounge", "Hall")
    await sim.device("kitchen-light-1", deaf=True)
    await sim.device("lounge-lamp-1", mute=True)
    told = await asyncio.gather(
        running.hub.set_many(lights, "on_off", True),
        running.hub.set(ids(running, "Lounge", kind="plug")[0], "on_off", True),
    )
    outcomes = told[0]
    deaf, mute = running.device("kitchen light 1").id, running.device("lounge lamp 1").id
    assert isinstance(outcomes.pop(deaf), DeviceSilentError)
    # It did it, but did not say so: that is not done.
    assert isinstance(outcomes.pop(mute), DeviceSilentError)
    assert set(outcomes.values()) == {True}
    assert len(outcomes) == 8
    await sim.device("kitchen-light-1", deaf=False)
    await sim.device("lounge-lamp-1", mute=False)


async def test_groups_of_people(many_lights: House) -> None:
    running, _ = many_lights
    groups = running.parts.together.groups
    lights = ids(running, "Hall")
    with running.bus.subscribe(GroupsChanged) as events:
        corner = await groups.create(" Reading  corner ", [*lights, lights[0]])
        assert (corner.name, corner.device_ids) == ("Reading corner", tuple(lights))
        assert (await events.get()).groups == (corner,)
        for name in ("reading corner", "Hall spot 1", "kitchen", " "):
            with pytest.raises(BadRequestError):
                await groups.create(name, lights)
        with pytest.raises(NotFoundError):
            await groups.create("Other", ["nobody"])
        plug = ids(running, "Office", kind="plug")
        corner = await groups.update(corner.id, name="Corner", device_ids=plug)
        assert (await events.get()).groups == (corner,)
        # What is gone from the house is gone from its groups.
        await running.parts.care.remove(plug[0], force=False)
        assert (await events.get()).groups == ()


async def test_scenes_are_stored_on_the_devices(many_lights: House) -> None:
    running, sim = many_lights
    scenes, lights = running.parts.together.scenes, ids(running, "Kitchen", "Lounge")
    red = Colour(hue_deg=0, saturation_percent=100)
    states: dict[str, dict[str, State]] = {
        each: {"on_off": True, "brightness": 10 * place} for place, each in enumerate(lights, 1)
    }
    for each in ids(running, "Lounge"):
        states[each]["colour"] = red
    scene = await scenes.create("Movie night", states=states)
    await changed(running)
    await running.hub.set_many(lights, "on_off", False)
    since = await now(sim)
    told = await running.hub.activate(scene.id)
    # One recall, and no command.
    assert len(await sent(sim, 0x0005, since)) == 1
    for cluster in (0x0006, 0x0008, 0x0300):
        assert await sent(sim, cluster, since) == set()
    assert len(told) == 7 * 2 + 3
    assert {key: value for key, value in told.items() if key[1] != "colour"} == {
        (key, name): states[key][name] for key in lights for name in ("on_off", "brightness")
    }
    for place, name in enumerate(["kitchen-light-1", "kitchen-light-2", "kitchen-light-3"], 1):
        values = await sim.values(name)
        assert (values["on"], values["brightness"]) == (True, 10 * place)
    assert (await sim.values("lounge-lamp-3"))["hue"] in (0, 360)
    # What was stored once is not done any more when the scene is another.
    scene = await scenes.update(scene.id, states={lights[0]: {"on_off": False}})
    assert await running.hub.activate(scene.id) == {(lights[0], "on_off"): False}
    assert await on(sim, KITCHEN) == [False, True, True, True]
    # The room as it is now: of what is off, only that.
    kept = await scenes.create("Now", area="Kitchen", transition_s=1)
    assert kept.states[lights[0]] == {"on_off": False}
    assert kept.states[lights[1]].items() >= {("on_off", True), ("brightness", 20)}
    await scenes.delete(kept.id)
    with pytest.raises(NotFoundError):
        await running.hub.activate(kept.id)


async def test_a_long_fade_is_accepted_and_followed(many_lights: House) -> None:
    running, sim = many_lights
    light = ids(running, "Kitchen")[0]
    await running.hub.set(light, "brightness", 100)
    async with asyncio.timeout(3):
        told = await running.hub.set(light, "brightness", 10, transition_s=60)
    assert isinstance(told, int)
    assert told > 80
    assert (await sim.values("kitchen-light-1"))["brightness"] > 80


async def test_the_devices_groups_follow_the_house(many_lights: House) -> None:
    running, sim = many_lights
    membership = running.parts.together.membership
    spot, plug = running.device("hall spot 1"), running.device("lounge plug 1")

    def members() -> list[int]:
        return sorted(len(group.possible) for group in membership.kept())

    await changed(running)
    assert members() == [3, 3, 4, 7, 10]
    await running.hub.rename(spot.id, area="Kitchen")
    await changed(running)
    # The hall has two lights left, which are told one by one.
    assert members() == [3, 4, 5, 7, 10]
    assert all(group.possible == group.confirmed for group in membership.kept())
    kitchen = ids(running, "Kitchen")
    assert set((await running.hub.set_many(kitchen, "on_off", True)).values()) == {True}
    assert (await sim.values("hall-spot-2"))["on"] is False
    # A group of people's own gets one too, and takes it along when it goes.
    group = await running.parts.together.groups.create(
        "Evening", [*ids(running, "Hall"), plug.id, *kitchen]
    )
    await changed(running)
    assert members() == [3, 4, 5, 7, 7, 10]
    await running.parts.together.groups.delete(group.id)
    await changed(running)
    assert members() == [3, 4, 5, 7, 10]
    # One that joins anew has forgotten its groups, and is told them again.
    await running.parts.care.remove(spot.id, force=False)
    await changed(running)
    assert members() == [3, 4, 7, 9]


async def changed(running: Running) -> None:
    membership = running.parts.together.membership
    membership.changed()
    await membership.settled()


@pytest.mark.long
async def test_thirty_covers_at_once_all_move(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("covers")
    things = many("Gallery", "blind", "cover", 30, travel_s=1)
    async with house_of(directory, things, pair=True, radio_delay_ms=5) as (running, sim):
        covers = ids(running, "Gallery", kind="cover")
        # Before the devices know their groups, each is told alone; after that, all by one message.
        for position in (40, 90):
            told = await running.hub.set_many(covers, "cover_position", position)
            assert told == dict.fromkeys(covers, position)
            for name, *_ in things:
                assert (await sim.values(name.replace(" ", "-")))["position"] == position
            await running.parts.together.membership.settled()
