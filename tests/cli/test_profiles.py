"""Profiles from a shell, asked of a real gateway."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from pichat.cli import profiles as cli
from pichat.cli.profiles import read_settings
from pichat.errors import NotFoundError
from pichat.state import lock_state
from tests.gateway.fakes import World, running_world
from tests.support.daemon import pichat


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that the shell finds through `tmp_path`."""
    with lock_state(tmp_path) as state:
        async with running_world() as world:
            state.announce(world.url)
            yield world


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("style.rate=0.9", 0.9),
        ("style.gender=female", "female"),
        ("may_use_cloud=true", True),
        ("system=Be kind = be nice.", "Be kind = be nice."),
        ("system=123", "123"),
        ("system=", ""),
        ("system=null", "null"),
        ("language=null", None),
        ("chain=intents, local", ["intents", "local"]),
        ('chain=["intents", {"use": "local"}]', ["intents", {"use": "local"}]),
        ("chain=", []),
        ("tools=null", None),
        ("parameters.seed=7", 7),
        ("parameters.stop=a,b", ["a", "b"]),
        ("style.rate=fast", "fast"),  # the daemon says what is wrong with it
        ("wake_words=hey_jarvis", ["hey_jarvis"]),
        ("nothing=x", "x"),
    ],
)
def test_a_value_means_what_its_setting_takes(pair: str, value: Any) -> None:
    assert read_settings([pair]) == {pair.partition("=")[0]: value}


def test_what_is_no_pair_is_refused() -> None:
    with pytest.raises(click.UsageError, match=r"KEY=VALUE"):
        read_settings(["style.rate"])


async def test_a_profile_from_beginning_to_end(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await pichat(
        tmp_path, "profiles", "create", "kids", "style.rate=0.9", "wake_words=hey_jarvis"
    )
    assert made == (0, "The profile “kids” is there.\n", "")
    code, out, _ = await pichat(tmp_path, "profiles", "list")
    row = next(line.split() for line in out.splitlines() if "kids" in line)
    assert (code, row) == (0, ["kids", "hey_jarvis", "style.rate"])
    # The rest without a process for each.
    await cli._change(tmp_path, "activate_profile", {"name": "kids"}, "")
    capsys.readouterr()
    await cli._show(tmp_path, "kids", as_json=False)
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["style.rate", "0.9", "changed"] in shown
    await cli._list(tmp_path, as_json=True)
    listed = json.loads(capsys.readouterr().out)
    assert (listed["active"], listed["profiles"][1]["settings"]["style"]["rate"]) == ("kids", 0.9)
    await cli._change(tmp_path, "delete_profile", {"name": "kids"}, "")
    assert capsys.readouterr().out == "The profile “kids” is gone.\n"
    with pytest.raises(NotFoundError, match="Did you mean 'default'"):
        await cli._show(tmp_path, "defult", as_json=False)


@pytest.mark.long
async def test_settings_are_changed_and_taken_back(world: World, tmp_path: Path) -> None:
    code, _, _ = await pichat(
        tmp_path, "profiles", "set", "default", "chain=intents,local", "--reset=system"
    )
    assert (code, world.profiles.get("default").chain) == (0, ("intents", "local"))
    refused = await pichat(tmp_path, "profiles", "set", "default", "style.rate=fast")
    assert refused == (1, "", "style.rate should be a number from 0.5 to 2, not 'fast'.\n")


def test_nothing_to_change_is_a_question_of_usage() -> None:
    result = CliRunner().invoke(cli.profiles, ["set", "default"])
    assert result.exit_code == 2
    assert "KEY=VALUE" in result.output
