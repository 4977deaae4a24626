"""People from a shell, asked of a real gateway."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pichat.cli import users as cli
from pichat.errors import BadRequestError
from pichat.events import Terms
from pichat.state import lock_state
from pichat.turn.users import terms_of
from tests.gateway.fakes import World, running_world
from tests.support.daemon import pichat


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that the shell finds through `tmp_path`."""
    with lock_state(tmp_path) as state:
        async with running_world() as world:
            state.announce(world.url)
            yield world


async def test_people_from_a_shell(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await pichat(tmp_path, "users", "add", "Mia", "--kind", "child", "--tools", "get_*")
    assert made == (0, "“Mia” lives here now.\n", "")
    # The rest without a process for each.
    await cli._set(tmp_path, "mia", {"tools": None, "name": "Mia K."}, {"selected_model": "local"})
    assert terms_of(world.users.find("Mia K.")) == Terms(may_use_cloud=False)
    assert world.users.find("Mia K.").settings.selected_model == "local"
    with pytest.raises(BadRequestError, match="selected_model"):
        await cli._set(tmp_path, "Mia K.", {"name": "X"}, {"selected_model": "gpt-4"})
    assert capsys.readouterr().out == "“Mia K.” is changed.\n"
    await cli._list(tmp_path, as_json=False)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[-1] == ["Mia", "K.", "child", "active", "never", "all"]
    await cli._list(tmp_path, as_json=True)
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)] == [
        "adult", "guest", "child"
    ]  # fmt: skip
    gone = await pichat(tmp_path, "users", "remove", "Mia K.", "--yes")
    assert gone == (0, "“Mia K.” is gone, and with them 0 conversations.\n", "")


def test_nothing_is_done_without_a_word() -> None:
    result = CliRunner().invoke(cli.users, ["set", "Mia"])
    assert (result.exit_code, "--help" in result.output) == (2, True)
    refused = CliRunner().invoke(cli.users, ["remove", "Mia"], input="n\n")
    assert refused.exit_code == 1
    assert "all conversations" in refused.output
