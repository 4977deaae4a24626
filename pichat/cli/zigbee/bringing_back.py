"""Restoring, as both `restore` and `import` do it: say what it will do, ask, and do it."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import click
import msgspec

from pichat.cli.client import connect
from pichat.cli.zigbee.alone import is_running, parts_alone, stick_of
from pichat.errors import NotFoundError, PiChatError, TooLargeError, UnavailableError
from pichat.store.devices import DeviceNames

_LARGEST_DOCUMENT = 3_900_000
"""What the daemon takes in one frame, in base64."""


async def bring_back(
    source: str | bytes, what: str, state_dir: Path, config_path: Path | None, *, yes: bool
) -> int:
    """`source`: the name of one of the daemon's backups, or a file's content, which `what` names.
    Returns the exit code."""
    if is_running(state_dir):
        return await _through_daemon(source, state_dir, yes=yes)
    return await _alone(source, what, state_dir, config_path, yes=yes)


def agreed(plan: dict[str, Any], *, yes: bool) -> bool:
    """Tell the plan, and whether a person says yes to it. Raises UnavailableError when the stick
    cannot be asked."""
    for step in plan["steps"]:
        click.echo(f"  {step}")
    if plan["problem"] is not None:
        raise UnavailableError(plan["problem"])
    return yes or click.confirm("Do that?")


def _keeps_own_address(plan: dict[str, Any]) -> bool:
    stick = plan["stick"]
    return stick is not None and not stick["takes_address"]


async def _through_daemon(source: str | bytes, state_dir: Path, *, yes: bool) -> int:
    payload: dict[str, Any] = {"name": source}
    if isinstance(source, bytes):
        payload = {"document": base64.b64encode(source).decode()}
        if len(payload["document"]) > _LARGEST_DOCUMENT:
            raise TooLargeError(
                "The file is too large to hand to the running PiChat. Stop that, and do it again."
            )
    async with connect(state_dir) as connection:
        plan = (await connection.ask("restore_backup", payload))["plan"]
    if not agreed(plan, yes=yes):
        return 1
    sure = {"sure": True, "allow_new_address": _keeps_own_address(plan)}
    async with connect(state_dir) as connection:
        restored = (await connection.ask("restore_backup", payload | sure))["restored"]
    return _tell(restored)


async def _alone(
    source: str | bytes, what: str, state_dir: Path, config_path: Path | None, *, yes: bool
) -> int:
    from pichat.zigbee.backup.open_coordinator import decode
    from pichat.zigbee.backup.plan import plan
    from pichat.zigbee.backup.restorer import look_alone
    from pichat.zigbee.backup.restoring import carry_out

    async with parts_alone(state_dir, stick_of(config_path)) as (parts, store):
        content = source if isinstance(source, bytes) else await parts.backups.read(source)
        backup = await asyncio.to_thread(decode, content, what)
        on_stick = parts.life.with_stick
        stick, problem = None, None
        try:
            stick = await look_alone(on_stick, backup)
        except UnavailableError as error:
            problem = error.sentence
        known = frozenset(await DeviceNames(store).all())
        told: dict[str, Any] = msgspec.to_builtins(plan(backup, stick, problem, known))
        if not agreed(told, yes=yes):
            return 1
        try:
            await parts.backups.create()
        except (NotFoundError, UnavailableError) as error:
            _tell_no_backup(error)
        allowed = _keeps_own_address(told)
        restored = await carry_out(on_stick, state_dir, store, backup, allow_new_eui64=allowed)
    return _tell(msgspec.to_builtins(restored))


def _tell_no_backup(error: PiChatError) -> None:
    if not isinstance(error, NotFoundError):
        click.echo(f"What there is now is not backed up: {error.sentence}", err=True)


def _tell(restored: dict[str, Any]) -> int:
    click.echo(f"Done. The stick {restored['coordinator_id']} runs the network.")
    if restored["new_address"]:
        click.echo("The devices are being set up for the new stick; that takes some minutes.")
    return 0
