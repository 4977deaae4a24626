"""Letting screens in from a shell, and taking that back, asked of a real gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pichat.cli import tokens as cli
from pichat.cli.client import connect, fetch_health
from pichat.cli.pair import _pair
from pichat.errors import BadRequestError, NotAllowedError, NotFoundError
from pichat.events import PairingChanged
from pichat.state import lock_state, read_secret, write_secret
from tests.gateway.fakes import OWN_SECRET, World, running_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gateway that the shell finds through `tmp_path`, and which knows nobody else."""
    with lock_state(tmp_path) as state:
        async with running_world(trust_loopback=False) as world:
            state.announce(world.url)
            (tmp_path / "local.token").write_text(OWN_SECRET)
            yield world


async def test_a_screen_is_let_in(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.bus.subscribe(PairingChanged) as changes:
        work = _pair(tmp_path, {"scope": "screen", "area": "kitchen"}, draws=False, as_json=False)
        waiting = asyncio.create_task(work)
        await changes.get()
        (pairing,) = world.door.pairing.open()
        await world.door.pair(pairing.code, "Tablet", None)
        assert await waiting == 0
    told = capsys.readouterr().out
    assert f"The code is {pairing.code[:3]} {pairing.code[3:]}." in told
    assert "server.host in config.yaml is 127.0.0.1" in told
    assert "“Tablet” in Kitchen was let in as screen." in told


async def test_it_says_that_nobody_came_and_ctrl_c_takes_the_code_back(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.bus.subscribe(PairingChanged) as changes:
        wanted = {"scope": "guest", "name": "Visitor"}
        waiting = asyncio.create_task(_pair(tmp_path, wanted, draws=True, as_json=False))
        await changes.get()
        for _ in range(5):
            with pytest.raises(Exception, match="does not count"):
                await world.door.pairing.pair("no")
        assert await waiting == 1
        assert "Five wrong codes" in capsys.readouterr().err
        assert (await changes.get()).state == "wrong_codes"
        waiting = asyncio.create_task(_pair(tmp_path, wanted, draws=False, as_json=True))
        await changes.get()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await changes.get()).state == "stopped"


async def test_tokens_are_listed_renamed_and_revoked(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await cli._list(tmp_path, as_json=False) == 0
    assert "pichat pair" in capsys.readouterr().out
    await cli._add(tmp_path, {"name": "Script", "scope": "agent"}, as_json=False)
    shown = capsys.readouterr()
    (secret,) = (line for line in shown.out.splitlines() if line.startswith("pichat_"))
    caller = world.door.tokens.recognise(secret)
    assert caller is not None
    assert (caller.name, caller.scope) == ("Script", "agent")
    assert "not shown again" in shown.err
    await cli._add(tmp_path, {"name": "script", "scope": "guest"}, as_json=True)
    printed = capsys.readouterr().out
    made = json.loads(printed[printed.index("{") :])["token"]
    with pytest.raises(BadRequestError, match=made["id"]):
        await cli._revoke(tmp_path, "Script")
    await cli._rename(tmp_path, made["id"], "Phone", "hallway")
    assert "“Phone” is in Hallway.\n" in capsys.readouterr().out
    await cli._list(tmp_path, as_json=False)
    listed = capsys.readouterr().out
    assert all(each in listed for each in ("Phone", "guest", "Hallway", "never", made["id"]))
    await cli._revoke(tmp_path, "phone")
    with pytest.raises(NotFoundError, match="Phone"):
        await cli._revoke(tmp_path, "Phone")
    assert [each.name for each in world.door.tokens.all()] == ["Script"]


async def test_a_user_who_may_not_read_the_token_is_told_what_to_do(
    world: World, tmp_path: Path
) -> None:
    assert (await fetch_health(tmp_path))["parts"]
    (tmp_path / "local.token").unlink()
    assert world.health.overall() == "ok"
    assert "parts" not in await fetch_health(tmp_path)
    with pytest.raises(NotAllowedError, match="sudo -u pichat"):
        async with connect(tmp_path) as connection:
            await connection.ask("get_devices", {})


def test_the_machines_own_token_is_new_at_each_start_and_private(tmp_path: Path) -> None:
    assert read_secret(tmp_path) is None
    file = tmp_path / "local.token"
    file.write_text("an old one that all may read")
    file.chmod(0o644)
    first, second = write_secret(tmp_path), write_secret(tmp_path)
    assert read_secret(tmp_path) == second != first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["local.token"]
