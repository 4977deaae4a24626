"""Whom the house asks which of several tools is better."""

from pathlib import Path

import pytest

from pichat.app.comparing import asking
from pichat.bus import Bus
from pichat.config.types import Config, Profile
from pichat.errors import UnavailableError
from pichat.health import Health
from pichat.llm.base import TextDelta
from pichat.llm.chain import Chain
from pichat.store.db import open_database
from pichat.turn.profiles import Profiles
from tests.support.scripted_model import FOR_EVER, Scripted, words


async def test_the_active_profile_s_model_is_asked_and_the_cloud_only_if_it_may() -> None:
    house = Scripted("house", words("{", "}"), [TextDelta(text="{"), FOR_EVER])
    cloud = Scripted("cloud", words("from the cloud"), cloud=True)
    chain = Chain({"cloud": cloud, "house": house}, Health(Bus()))
    config = Config(profiles={"default": Profile(), "far": Profile(may_use_cloud=True)})
    async with open_database(Path(":memory:")) as database:
        profiles = await Profiles.load(config, database, Bus())
        ask = asking(chain, profiles, compared_s=0.05)
        assert await ask("Compare.", "[]") == "{}"
        assert not cloud.requests
        (request,) = house.requests
        assert (request.system, request.tools) == ("Compare.", ())
        assert request.messages[0].outside  # what tools say of themselves is nobody's wish
        with pytest.raises(UnavailableError, match="too long"):
            await ask("Compare.", "[]")
        await profiles.activate("far")
        assert await ask("Compare.", "[]") == "from the cloud"
