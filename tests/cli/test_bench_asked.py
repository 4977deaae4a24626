"""Whom the bench asks: those of config.yaml, with what the owner changed of the profiles."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from pichat.bus import Bus
from pichat.cli.bench_asked import Asked, of_model, of_profile
from pichat.config import load_config
from pichat.errors import NotFoundError
from pichat.models.manifest import RECORD, File, Model
from pichat.store.db import Database, open_database
from pichat.turn.profiles import Profiles
from tests.llm.cloud.peer import Peer, peer_server, streams
from tests.llm.cloud.wires import chunk, event
from tests.support.daemon import pichat

CONFIG = """
language: de
llm:
  local: {model: tiny, load: start}
  providers:
    mine: {kind: openai, model: m, url: "%s", cloud: false}
    other: {kind: anthropic, model: n}
profiles:
  kitchen: {system: Cook., chain: [intents, "mine:big"]}
  waiter: {chain: [intents]}
"""
HELLO = streams(chunk({"content": "Hello."}), chunk({}, "stop"), event(b"[DONE]"))


class House:
    """A folder with a config and a state directory."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9") -> None:
        self.state_dir = folder / "var"
        self.store = self.state_dir / "pichat.db"
        self.config = folder / "config.yaml"
        self.config.write_text(CONFIG % url)
        self.state_dir.mkdir()

    async def asked(self, name: str | None) -> Asked:
        return await of_profile(name, self.config, self.state_dir)

    async def profiles(self, database: Database) -> Profiles:
        """The daemon's."""
        return await Profiles.load(load_config(self.config), database, Bus())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_only_those_of_the_chain_are_asked(house: House) -> None:
    asked = await house.asked("kitchen")
    assert (asked.llm.local, list(asked.llm.providers)) == (None, ["mine"])
    assert (asked.profile.system, asked.profile_name, asked.language) == ("Cook.", "kitchen", "de")
    assert list(house.state_dir.iterdir()) == []  # a store is not made


async def test_without_a_chain_all_are_asked(house: House) -> None:
    asked = await house.asked(None)
    assert asked.profile_name == "default"
    assert list(asked.llm.providers) == ["mine", "other"]
    assert asked.llm.local is not None
    assert asked.llm.local.load == "needed"  # the bench waits for it


async def test_a_chain_of_no_models(house: House) -> None:
    with pytest.raises(NotFoundError, match="'waiter' names no language model"):
        await house.asked("waiter")


def test_an_installed_model_is_found(house: House) -> None:
    asked = of_model(Path("tiny"), house.state_dir)
    assert [step.use for step in asked.profile.steps] == ["local"]
    assert asked.llm.local is not None
    assert asked.llm.local.model == Path("tiny")
    file = File(url="http://127.0.0.1/tiny-q4.gguf", sha256="0" * 64, size=1)
    model = Model(
        name="tiny",
        kind="gguf",
        purpose="Tests.",
        languages=("mul",),
        ram_mb=1,
        licence="CC0",
        files=(file,),
    )
    folder = house.state_dir / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / RECORD).write_bytes(msgspec.json.encode(model))
    asked = of_model(Path("tiny"), house.state_dir)
    assert asked.llm.local is not None
    assert asked.llm.local.model == folder / "tiny-q4.gguf"


async def test_what_the_owner_changed_counts(house: House) -> None:
    async with open_database(house.store) as database:
        profiles = await house.profiles(database)
        await profiles.create("kids", {"chain": ["local"], "system": "Be kind."})
        await profiles.update("kitchen", {"chain": ["other"]})
        await profiles.activate("kids")
        active, kitchen = await house.asked(None), await house.asked("kitchen")
    assert (active.profile_name, active.profile.system) == ("kids", "Be kind.")
    assert active.llm.providers == {}
    assert (kitchen.profile.system, list(kitchen.llm.providers)) == ("Cook.", ["other"])
    assert (await house.asked("kids")).profile == active.profile  # the daemon has ended
    with pytest.raises(NotFoundError, match=r"no profile 'kid'\. Did you mean 'kids'"):
        await house.asked("kid")


async def test_a_store_of_another_version_is_told_of(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_database(house.store) as database:
        profiles = await house.profiles(database)
        await profiles.create("kids", {"chain": ["mine"]})
    with sqlite3.connect(house.store) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert (await house.asked("kitchen")).profile_name == "kitchen"
    told = capsys.readouterr().err
    assert "another PiChat (schema 99, " in told
    assert told.endswith("Profiles are as in config.yaml.\n")
    with pytest.raises(NotFoundError):
        await house.asked("kids")


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with peer_server() as running:
        yield running


async def test_a_profile_beside_the_daemon(tmp_path: Path, peer: Peer) -> None:
    house = House(tmp_path, peer.url)
    peer.answers += [HELLO] * 3
    async with open_database(house.store) as database:
        profiles = await house.profiles(database)
        await profiles.create("kids", {"chain": ["mine:small"], "system": "Be kind."})
        code, out, err = await pichat(
            house.state_dir,
            *("bench", "llm", "--profile=kids", "--limit=3"),
            *(f"--config={house.config}", f"--json={tmp_path}/out.json"),
        )
    assert (code, err) == (0, "")
    assert "small" in out
    told = json.loads((tmp_path / "out.json").read_text())
    assert [each["answer"] for each in told["results"]] == ["Hello."] * 3
    assert {heard.body["model"] for heard in peer.heard} == {"small"}
    assert all("Be kind." in heard.body["messages"][0]["content"] for heard in peer.heard)
