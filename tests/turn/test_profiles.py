"""Profiles over real SQLite: config.yaml, and what the owner changed of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.config.overlay import FIELDS, overlay, read, setting, settings_of
from pichat.config.types import (
    CloudModel,
    Config,
    Llm,
    ModelParameters,
    Profile,
    Secret,
    Step,
    Style,
    Voice,
    WakeWord,
)
from pichat.errors import BadRequestError, NotFoundError, UnavailableError
from pichat.events import ProfilesChanged
from pichat.store.db import Database, open_database
from pichat.turn.configured import Words
from pichat.turn.profiles import Profiles

KEY = "sk-very-secret"


def config(**profiles: Profile) -> Config:
    cloud = CloudModel(kind="openai", model="gpt-x", api_key=Secret(KEY))
    words = ("hey_jarvis", WakeWord(word="alexa", profile="kids"))
    kids = profiles.get("kids", Profile(style=Style(rate=0.9), system="Be kind."))
    return Config(
        profiles={"default": Profile(), **profiles, "kids": kids},
        llm=Llm(providers={"openai": cloud}),
        voice=Voice(wake_words=words),
    )


class House:
    """Profiles, and what was told of them. `again`: as after a restart with another config."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.bus = Bus()

    async def again(self, with_config: Config | None = None) -> Profiles:
        return await Profiles.load(with_config or config(), self.database, self.bus)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_database(tmp_path / "pichat.db") as database:
        yield House(database)


async def test_they_are_as_configured_at_first(house: House) -> None:
    profiles = await house.again()
    assert profiles.names() == ("default", "kids")
    assert profiles.active == "default"
    assert profiles.get("kids").system == "Be kind."
    assert profiles.get("nobody") == profiles.get("default")
    view = profiles.view("kids")
    assert (view.changed, view.wake_words, view.configured) == ((), ("alexa",), True)
    assert "default" in (await house.again(Config(profiles={}))).names()


async def test_a_change_holds_after_a_restart_and_the_rest_follows_the_config(
    house: House,
) -> None:
    profiles = await house.again()
    before = profiles.get("kids")
    await profiles.update("kids", {"style": {"accent": "scottish"}, "parameters.seed": 7})
    assert profiles.get("kids").style == Style(rate=0.9, accent="scottish")
    assert before.style == Style(rate=0.9)  # a turn that has it keeps it
    edited = Profile(style=Style(rate=1.5, accent="polish"), system="Be brief.")
    kids = (await house.again(config(kids=edited))).get("kids")
    assert kids.style == Style(rate=1.5, accent="scottish")
    assert kids.system == "Be brief."
    assert kids.parameters == ModelParameters(seed=7)


async def test_a_form_that_is_sent_back_whole_changes_only_what_is_new(house: House) -> None:
    profiles = await house.again()
    form = profiles.view("kids").settings
    form["style"]["volume"] = 0.5
    assert (await profiles.update("kids", form)).changed == ("style.volume",)
    form["style"]["volume"] = 1
    assert (await profiles.update("kids", form)).changed == ()
    assert await house.database.read("SELECT * FROM profiles") == []


async def test_changes_are_taken_back_one_by_one_or_in_groups(house: House) -> None:
    profiles = await house.again()
    settings = {"style": {"rate": 2, "accent": "polish"}, "system": "x", "tools": ["get_*"]}
    await profiles.update("kids", settings)
    view = await profiles.update("kids", {"system": "y"}, reset=["style", "tools"])
    assert view.changed == ("system",)
    assert profiles.get("kids") == Profile(style=Style(rate=0.9), system="y")


async def test_one_that_only_the_store_has(house: House) -> None:
    profiles = await house.again()
    chain = ["intents", {"use": "openai:gpt-y", "first_token_s": 3}]
    view = await profiles.create("  Night \n owl ", {"chain": chain, "may_use_cloud": True})
    assert (view.name, view.configured) == ("Night owl", False)
    again = await house.again()
    assert again.names() == ("default", "kids", "Night owl")
    assert again.get("Night owl").steps == (
        Step(use="intents"),
        Step(use="openai:gpt-y", first_token_s=3),
    )
    assert await again.delete("Night owl") is True
    assert (await house.again()).names() == ("default", "kids")


async def test_one_of_the_config_cannot_go_but_its_changes_can(house: House) -> None:
    profiles = await house.again()
    await profiles.update("kids", {"system": "x"}, wake_words=["hey jarvis", "Alexa"])
    assert profiles.view("kids").wake_words == ("hey_jarvis", "alexa")
    assert await profiles.delete("kids") is False
    assert profiles.get("kids").system == "Be kind."
    assert profiles.view("kids").wake_words == ("alexa",)


async def test_which_is_active_holds_until_it_is_gone(house: House) -> None:
    profiles = await house.again()
    await profiles.create("guests", {})
    assert (await profiles.activate("guests")).active
    profiles = await house.again()
    assert profiles.active == "guests"
    assert profiles.called_by("") == profiles.called_by("hey_jarvis") == "guests"
    assert profiles.called_by("alexa") == "kids"
    await profiles.delete("guests")
    assert profiles.active == "default"
    assert (await house.again()).active == "default"


async def test_wake_words_call_another_one(house: House) -> None:
    profiles = await house.again()
    told: list[Words] = []
    profiles.on_wake_words_changed(told.append)
    await profiles.create("guests", {}, wake_words=["hey_jarvis", "alexa"])
    assert told == [{"hey_jarvis": "guests", "alexa": "guests"}]
    assert profiles.view("kids").wake_words == ()
    await profiles.update("guests", {"system": "x"})
    assert len(told) == 1
    await profiles.update("guests", {}, wake_words=["hey_jarvis"])
    assert (await house.again()).wake_words() == {"hey_jarvis": "guests", "alexa": None}
    await profiles.update("kids", {}, reset=["wake_words"])
    assert profiles.called_by("alexa") == "kids"
    await profiles.delete("guests")
    assert profiles.wake_words() == {"hey_jarvis": None, "alexa": "kids"}
    assert profiles.wake_words() == told[-1]


async def test_every_change_is_announced_when_it_holds(house: House) -> None:
    profiles = await house.again()
    with house.bus.subscribe(ProfilesChanged) as events:
        await profiles.create("guests", {})
        await profiles.activate("guests")
        await profiles.update("guests", {"system": "x"})
        await profiles.delete("guests")
        told = [await events.get() for _ in range(4)]
    assert [(each.names[2:], each.active) for each in told] == [
        (("guests",), "default"),
        (("guests",), "guests"),
        (("guests",), "guests"),
        ((), "default"),
    ]


@pytest.mark.parametrize(
    ("settings", "sentences"),
    [
        ({"sytem": "x"}, ["no setting 'sytem'. Did you mean 'system'?"]),
        ({"style": {"rat": 1}}, ["no setting 'style.rat'. Did you mean 'style.rate'?"]),
        ({"style": 5}, ["no setting 'style'. Did you mean"]),
        ({"style": {"rate": 9}}, ["style.rate should be a number from 0.5 to 2, not 9."]),
        ({"style.gender": "femal"}, ["style.gender", "Did you mean 'female'?"]),
        ({"system": 5, "tools": "x"}, ["system should be text, not 5.", "tools should be a list"]),
        ({"tools": ["a", ""]}, ["tools[1] should be text that is not empty"]),
        ({"chain": ["intnts"]}, ["chain[0]", "Did you mean 'intents'?"]),
        ({"chain": ["openia:gpt-x"]}, ["intents, local, openai.", "Did you mean 'openai'?"]),
        ({"chain": ["openai:"]}, ["chain[0]"]),
        ({"chain": [{"use": "local", "total": 3}]}, ["chain[0] has no setting 'total'"]),
        ({"chain": [{"total_s": 0}]}, ["chain[0] lacks 'use'.", "chain[0].total_s should be"]),
        ({"parameters": {"temperature": True}}, ["parameters.temperature should be a number"]),
        ({"system": "x" * 70_000}, ["65536 bytes"]),
    ],
)
async def test_what_does_not_fit_changes_nothing_and_is_named(
    house: House, settings: dict[str, Any], sentences: list[str]
) -> None:
    profiles = await house.again()
    with pytest.raises(BadRequestError) as refused:
        await profiles.update("kids", {"may_use_cloud": True, **settings})
    for sentence in sentences:
        assert sentence in refused.value.sentence
    assert len(refused.value.sentence) < 500
    assert profiles.view("kids").changed == ()


async def test_names_and_words_that_are_not_there(house: House) -> None:
    profiles = await house.again()
    for name in ("", " ", "x" * 65, "a\u202eb", "KIDS", "default"):
        with pytest.raises(BadRequestError):
            await profiles.create(name, {})
    with pytest.raises(BadRequestError, match="Did you mean 'hey_jarvis'"):
        await profiles.update("kids", {}, wake_words=["hey_jarvi"])
    with pytest.raises(BadRequestError, match=r"Did you mean 'style\.rate'"):
        await profiles.update("kids", {}, reset=["style.rte"])
    for missing in (profiles.update("kid", {}), profiles.delete("kid"), profiles.activate("kid")):
        with pytest.raises(NotFoundError, match="Did you mean 'kids'"):
            await missing
    assert profiles.names() == ("default", "kids")


async def test_what_the_disk_does_not_take_is_not_changed(house: House) -> None:
    profiles = await house.again()
    await house.database.write("ALTER TABLE settings RENAME TO elsewhere")
    with house.bus.subscribe(ProfilesChanged) as events:
        with pytest.raises(UnavailableError):
            await profiles.create("guests", {})
        assert profiles.names() == ("default", "kids")
        await house.database.write("ALTER TABLE elsewhere RENAME TO settings")
        assert (await house.again()).names() == ("default", "kids")
        await profiles.activate("kids")
        first = await events.get()
    assert (first.names, first.active) == (("default", "kids"), "kids")


async def test_a_provider_that_is_gone_is_waited_for(house: House) -> None:
    profiles = await house.again()
    await profiles.update("kids", {"chain": ["openai"], "system": "x"})
    without = config()
    profiles = await house.again(Config(profiles=without.profiles))
    assert profiles.get("kids").chain == ()
    await profiles.update("kids", {"system": "y"})
    assert profiles.wake_words() == {"hey_jarvis": None}
    profiles = await house.again()
    assert (profiles.get("kids").chain, profiles.get("kids").system) == (("openai",), "y")


async def test_changes_at_the_same_time_all_count(house: House) -> None:
    profiles = await house.again()
    await asyncio.gather(
        profiles.update("kids", {"system": "x"}),
        profiles.update("kids", {"may_use_cloud": True}),
        profiles.create("guests", {}),
    )
    assert profiles.view("kids").changed == ("may_use_cloud", "system")
    assert (await house.again()).names() == profiles.names()


async def test_a_change_whose_screen_goes_away_is_made_or_not(house: House) -> None:
    profiles = await house.again()
    made = set()
    for steps in range(40):
        system = f"text {steps}"
        change = asyncio.create_task(profiles.update("kids", {"system": system}))
        for _ in range(steps):
            await asyncio.sleep(0)
        change.cancel()
        await asyncio.gather(change, return_exceptions=True)
        made.add(profiles.get("kids").system == system)
        assert (await house.again()).views() == profiles.views()
    await profiles.update("kids", {"system": "last"})
    assert (await house.again()).get("kids").system == "last"
    assert False in made


async def test_no_secret_is_shown(house: House) -> None:
    profiles = await house.again()
    with pytest.raises(BadRequestError) as refused:
        await profiles.update("kids", {"chain": ["nobody"]})
    assert KEY not in refused.value.sentence + repr(profiles.views())


def test_every_setting_survives_being_shown_and_read() -> None:
    whole = Profile(
        style=Style(gender="male", accent="polish", rate=1.2, volume=0.4, piper_voice=Path("alba")),
        chain=("intents", Step(use="local", total_s=5)),
        parameters=ModelParameters(temperature=0.5, top_p=0.9, max_tokens=9, seed=1, stop=("x",)),
        system="Be kind.",
        tools=("get_*",),
        may_use_cloud=True,
        language="de",
    )
    problems: list[str] = []
    found = read(settings_of(whole), problems)
    assert (overlay(Profile(), found), problems) == (whole, [])
    assert found.keys() == FIELDS.keys()
    assert all(setting(whole, name) != setting(Profile(), name) for name in FIELDS)
