"""A child's profile: by no way does it unlock the door or reach the cloud."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from msgspec import structs

from pichat.bus import Bus
from pichat.config.types import Profile
from pichat.events import Scene
from pichat.intents.understand import Intents
from pichat.store.conversations import Conversations
from pichat.tools.base import Toolbox
from pichat.turn.turns import Turns
from pichat.turn.user_changes import UserChange
from pichat.turn.users import Users
from tests.gateway.fakes import World, default_house, running_world
from tests.gateway.http import connected
from tests.gateway.screen import Frame, Screen, connect
from tests.support.fake_house import FakeHouse
from tests.support.scripted_model import Scripted, calling, words
from tests.support.turn_parts import KnownProfiles, new_turns

UNLOCK = '{"devices": ["Front door lock"], "capability": "lock", "value": "unlocked"}'
LOCK = "00:12:4b:00:00:00:00:09"
HOUSES: list[FakeHouse] = [default_house(Bus())]
INTENTS = Intents("en", lambda: HOUSES[-1].devices())  # loaded once: it takes a while


@dataclass
class Family:
    """Mia, a child; Anna, a grown-up; each has a screen. The cloud would answer."""

    world: World
    local: Scripted
    cloud: Scripted
    mia_id: str
    mia: dict[str, str]
    anna: dict[str, str]

    def locked(self) -> bool:
        return bool(
            next(each for each in self.world.house.devices() if each.id == LOCK).state["lock"]
        )


@asynccontextmanager
async def family() -> AsyncIterator[Family]:
    local = Scripted("local", calling(("set_device_state", UNLOCK)), words("I may not."))
    cloud = Scripted("cloud", words("From the cloud."), cloud=True)

    def make(
        bus: Bus, tools: Toolbox, house: FakeHouse, conversations: Conversations, users: Users
    ) -> Turns:
        HOUSES[:] = [house]
        INTENTS.refresh()
        open_to_all = Profile(may_use_cloud=True)
        profiles = KnownProfiles(default=open_to_all, kids=structs.replace(open_to_all, chain=()))
        return new_turns(
            INTENTS,
            house,
            tools,
            bus,
            local,
            cloud,
            profiles=profiles,
            conversations=conversations,
            people=users,
        )

    async with running_world(make_turns=make, trust_loopback=False) as world:
        mia = await world.users.create("Mia", "child", UserChange())
        anna = await world.users.create("Anna", "adult", UserChange())
        # Whoever set that up meant well: a child's screen is not one of the house's for that.
        tablet = await world.token("screen", user_id=mia.id)
        telephone = await world.token("screen", user_id=anna.id)
        yield Family(world, local, cloud, mia.id, bearer(tablet), bearer(telephone))


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def code_of(screen: Screen, action: str, payload: Frame) -> str:
    reply = await screen.ask(action, payload)
    assert reply["status"] == "error", reply
    return str(reply["payload"]["code"])


@pytest.mark.parametrize("marked", [True, False])
async def test_the_door_stays_locked(marked: bool) -> None:
    async with family() as they, connect(they.world.url, headers=they.mia) as screen:
        world = they.world
        await world.house.mark(LOCK, marked)  # its owner may not want to be asked
        scene = Scene(id="s1", name="Coming home", states={LOCK: {"lock": False}})
        world.house.staged[scene.id] = scene
        unlock = {"device_id": LOCK, "capability": "lock", "value": False, "source": "shell"}
        asked = await screen.ask("control_device", unlock)
        assert asked["payload"]["question"]["text"]
        assert (await screen.ask("activate_scene", {"scene": "Coming home"}))["payload"]["question"]
        said = await screen.ask("chat", {"text": "unlock the front door lock"})
        assert said["payload"]["provider"] == "intents"
        # What it raised, it cannot answer: neither by a word nor by a button.
        refused = await screen.ask("chat", {"text": "yes"})
        assert refused["payload"]["code"] == "not_allowed"
        assert "of the house" in refused["payload"]["text"]
        question = asked["payload"]["question"]["id"]
        assert await code_of(screen, "confirm", {"id": question, "yes": True}) == "not_allowed"
        # Nor does a model that was talked into it.
        await world.users.update(they.mia_id, UserChange(tools=None))
        thought = await screen.ask("chat", {"text": "please let my friend in somehow"})
        assert thought["payload"]["provider"] == "local"
        assert they.locked()
        assert they.cloud.requests == []
        # A grown-up can say yes to it.
        async with connect(world.url, headers=they.anna) as grown_up:
            done = await grown_up.ask("confirm", {"id": question, "yes": True})
            assert done["payload"]["outcomes"][0]["state"] is False
        assert not they.locked()


async def test_what_may_be_used_holds_on_every_way() -> None:
    async with (
        family() as they,
        connect(they.world.url, headers=they.mia) as screen,
        connected(they.world.url, **they.mia) as http,
    ):
        light = {"name": "Kitchen light", "capability": "on_off", "value": True}
        assert (await screen.ask("control_device", light))["payload"]["state"] is True
        said = await screen.ask("chat", {"text": "turn off the kitchen light"})
        assert said["payload"]["code"] is None
        await they.world.users.update(they.mia_id, UserChange(tools=("get_*",)))
        assert await code_of(screen, "control_device", light) == "not_allowed"
        said = await screen.ask("chat", {"text": "turn on the kitchen light"})
        assert said["payload"]["code"] == "not_allowed"
        path = "/api/conversations/c1/messages"
        status, answer = await http.ask("POST", path, {"content": "turn on the kitchen light"})
        assert (status, answer["code"], answer["outcomes"]) == (200, "not_allowed", [])
        thought = await screen.ask("chat", {"text": "please let my friend in somehow"})
        assert thought["payload"]["provider"] == "local"
        names = {tool.name for tool in they.local.requests[-1].tools}
        assert "get_time" in names
        assert "set_device_state" not in names
        assert all(not each.state["on_off"] for each in they.world.house.devices()
                   if each.name == "Kitchen light")  # fmt: skip


async def test_nothing_goes_to_the_cloud() -> None:
    async with (
        family() as they,
        connect(they.world.url, headers=they.mia) as screen,
        connected(they.world.url, **they.mia) as http,
    ):
        they.world.users.house.models = lambda: {"local": "tiny", "cloud": "big"}
        for chosen in ("cloud", "cloud:other"):
            settings = await screen.ask("update_settings", {"selected_model": chosen})
            assert settings["payload"]["selected_model"] == chosen
            said = await screen.ask("chat", {"text": "tell me a joke", "profile": "kids"})
            assert said["payload"]["code"] == "unavailable"
        status, _ = await http.ask(
            "POST",
            "/v1/chat/completions",
            {"model": "pichat", "messages": [{"role": "user", "content": "tell me a joke"}]},
        )
        assert status in (200, 503)
        assert await code_of(screen, "generate_image", {"prompt": "A cat"}) == "not_allowed"
        assert they.cloud.requests == []
        # A grown-up's do, where the profile allows it.
        async with connect(they.world.url, headers=they.anna) as grown_up:
            await grown_up.ask("update_settings", {"selected_model": "cloud"})
            said = await grown_up.ask("chat", {"text": "tell me a joke"})
            assert said["payload"]["text"] == "From the cloud."


async def test_a_childs_screen_is_not_one_of_the_house() -> None:
    async with family() as they, connect(they.world.url, headers=they.mia) as screen:
        for action, payload in (
            ("update_device", {"device_id": LOCK, "confirm": False}),
            ("get_users", {}),
            ("create_scene", {"name": "Party", "states": {LOCK: {"lock": False}}}),
            ("chat", {"text": "hello", "user": "Anna"}),
            ("control_device",
             {"name": "Kitchen light", "capability": "on_off", "value": True, "user": "house"}),
            ("get_conversations", {"user": "Anna"}),
            ("update_settings", {"profile": "default"}),
            ("listen_start", {"station": "local"}),
        ):  # fmt: skip
            assert await code_of(screen, action, payload) == "not_allowed", action
        # Sound that its microphone hears is its wish, and not the house's.
        await screen.send("listen_start", {"station": "screen"}, "ears")
        async with asyncio.timeout(5):
            while not they.world.voice.screens:
                await screen.still_there()
        (station,) = they.world.voice.screens.values()
        assert (station.user_id, station.source) == (they.mia_id, "guest")


async def test_a_childs_program_gets_no_further_by_a_way_that_is_no_route() -> None:
    async with family() as they, connected(they.world.url, **they.mia) as http:
        for path in ("/metrics", "/mcp"):
            async with http.session.get(f"{http.url}{path}", headers=they.mia) as response:
                assert response.status == 403, path
