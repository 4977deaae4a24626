"""The people of the house, in a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pichat.bus import Bus
from pichat.config.types import Style
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError
from pichat.events import Terms, UsersChanged
from pichat.health import Health
from pichat.store.conversations import open_conversations
from pichat.store.db import open_database
from pichat.store.users import VoiceSettings
from pichat.turn.user_changes import (
    MOST_UI_BYTES,
    House,
    SettingsChange,
    UserChange,
    VoiceChange,
    style_of,
)
from pichat.turn.users import HARMLESS_TOOLS, Users, terms_of

HOUSE = House(
    lambda: ("default", "kids"), lambda: ("de", "en"), lambda: {"local": "tiny", "cloud": "gpt-9"}
)


@asynccontextmanager
async def living_in(path: Path) -> AsyncIterator[tuple[Users, Bus]]:
    bus = Bus()
    async with (
        open_database(path / "pichat.db") as database,
        open_conversations(database, Health(bus)) as conversations,
    ):
        yield await Users.load(database, conversations, HOUSE, bus), bus


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[Users]:
    async with living_in(tmp_path) as (users, _):
        yield users


async def test_a_person_comes_changes_and_goes(tmp_path: Path) -> None:
    async with living_in(tmp_path) as (users, bus):
        with bus.subscribe(UsersChanged) as told:
            assert [user.id for user in users.all()] == ["house", "guest"]
            mia = await users.create("  Mia\n K. ", "child", UserChange(profile="kids"))
            assert (mia.name, users.find("mia k.").id, users.find(mia.id)) == (
                "Mia K.",
                mia.id,
                mia,
            )
            assert terms_of(mia) == Terms(tools=HARMLESS_TOOLS, may_use_cloud=False)
            await users.settle(mia.id, SettingsChange(selected_model="gpt-9", ui={"cats": [1]}))
            await users.update(mia.id, UserChange(tools=("get_*",)))
            standing = users.standing(mia.id)
            assert standing.terms == Terms(tools=("get_*",), may_use_cloud=False, model="cloud")
            assert (standing.profile, standing.trusted, standing.kept) == ("kids", False, True)
            assert [await told.get() for _ in range(3)] == [UsersChanged(user_id=mia.id)] * 3
    async with living_in(tmp_path) as (users, bus):  # after a restart
        assert users.standing(mia.id) == standing
        users.house = House(HOUSE.profiles, HOUSE.languages)  # the config has no models any more
        assert users.standing(mia.id).terms.model is None
        users.house = HOUSE
        # Who grows up is on an adult's terms.
        await users.update(mia.id, UserChange(kind="adult", name="Mia"))
        assert users.standing(mia.id).terms == Terms(model="cloud")
        with bus.subscribe(UsersChanged) as told:
            assert await users.delete(mia.id) == 0
            assert await told.get() == UsersChanged(user_id=mia.id, gone=True)
        with pytest.raises(NotAllowedError, match="any more"):
            users.standing(mia.id)
        with pytest.raises(NotFoundError, match="Guest"):
            users.find("gest")


async def test_what_is_always_there(users: Users) -> None:
    assert users.standing("guest") == users.standing("guest")
    assert not users.standing("guest").kept
    for refused in (
        users.delete("house"),
        users.delete("guest"),
        users.update("house", UserChange(kind="child")),
        users.update("guest", UserChange(kind="adult")),
        users.update("gone", UserChange()),
    ):
        with pytest.raises(NotAllowedError):
            await refused
    opened = await users.update("guest", UserChange(tools=None, may_use_cloud=True))
    assert terms_of(opened) == Terms()


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "house", "GUEST"])
async def test_names_that_cannot_be(users: Users, name: str) -> None:
    with pytest.raises(BadRequestError, match="name"):
        await users.create(name, "adult", UserChange())
    anna = await users.create("Anna", "adult", UserChange())
    with pytest.raises(BadRequestError, match="name"):
        await users.update(anna.id, UserChange(name=name))
    assert users.get(anna.id).name == "Anna"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"selected_model": "gpt-4"}, "selected_model"),
        ({"selected_model": "cloud:"}, "selected_model"),
        ({"language": "tlh"}, "language"),
        ({"profile": "kid"}, "“profile”: there is no profile “kid”. Did you mean 'kids'"),
        ({"ui": {"x": "y" * MOST_UI_BYTES}}, "ui"),
    ],
)
async def test_settings_that_cannot_be(users: Users, change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequestError, match=field):
        await users.settle("house", SettingsChange(**change))
    assert users.get("house").settings.selected_model == "auto"


async def test_settings_are_changed_one_by_one(users: Users) -> None:
    change = SettingsChange(
        selected_model="cloud:other",
        voice_settings=VoiceChange(gender="female"),
        language="de",
        profile="kids",
        theme="dark",
        ui={"a": 1, "b": {"c": None}},
    )
    await users.settle("house", change)
    again = SettingsChange(voice_settings=VoiceChange(accent="polish"), ui={"a": None, "d": 2})
    user = await users.settle("house", again)
    assert user.settings.voice_settings == VoiceSettings(gender="female", accent="polish")
    assert user.settings.ui == {"b": {"c": None}, "d": 2}
    assert (user.settings.language, user.profile) == ("de", "kids")
    assert user.settings.selected_model == "cloud:other"
    user = await users.settle("house", SettingsChange(theme="light"), anew=True)
    assert (user.settings.theme, user.settings.ui, user.profile) == ("light", {}, "kids")


def test_a_voice_that_is_a_file_gives_way() -> None:
    own = Style(accent="british", rate=0.9, piper_voice=Path("alba"))
    assert style_of(VoiceSettings(), own) == own
    assert style_of(VoiceSettings(gender="male"), own) == Style(
        gender="male", accent="british", rate=0.9
    )
