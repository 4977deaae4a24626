"""Backups of the Zigbee network, its devices and their names."""

import base64
from typing import Annotated

import msgspec

from pichat.errors import BadRequestError
from pichat.gateway.context import Context
from pichat.gateway.registry import action
from pichat.zigbee.backup.listing import StoredBackup
from pichat.zigbee.backup.plan import RestorePlan
from pichat.zigbee.backup.restoring import Restored

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class GetBackups(msgspec.Struct, frozen=True, kw_only=True):
    pass


class BackupList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    backups: tuple[StoredBackup, ...]


class CreateBackup(msgspec.Struct, frozen=True, kw_only=True):
    pass


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """`path`: the file on the machine where PiChat runs. It holds the network's key, and only
    PiChat's user may read it."""

    backup: StoredBackup
    path: str


class RestoreBackup(msgspec.Struct, frozen=True, kw_only=True):
    """One of the backups by its `name`, or a whole file as `document` (in base64). Without `sure`
    nothing is done, and the reply says what would be. `allow_new_address`: a stick that cannot
    take over the old one's address may keep its own."""

    name: Name | None = None
    document: str | None = None
    sure: bool = False
    allow_new_address: bool = False


class RestoredBackup(msgspec.Struct, frozen=True, kw_only=True):
    """`plan` is what it does, told before; `restored` is null when nothing was done."""

    plan: RestorePlan | None = None
    restored: Restored | None = None


@action("get_backups", needs="admin")
async def get_backups(context: Context, payload: GetBackups) -> BackupList:  # noqa: ARG001
    """List the backups: when each was made, of which network, with how many devices."""
    return BackupList(backups=await context.services.backups.list())


@action("create_backup", needs="admin")
async def create_backup(context: Context, payload: CreateBackup) -> Created:  # noqa: ARG001
    """Make a backup now. PiChat makes them by itself as well: after every change and daily."""
    backups = context.services.backups
    made = await backups.create()
    return Created(backup=made, path=str(backups.path(made.name)))


@action(
    "restore_backup",
    needs="admin",
    example={"name": "backup-20260101T120000Z.json", "sure": False},
    takes_clips=True,
)
async def restore_backup(context: Context, payload: RestoreBackup) -> RestoredBackup:
    """Bring a backup back: its network onto the stick, its devices, their names and rooms. What
    there is now is backed up before. Ask without `sure` first, and show a person the plan."""
    backups = context.services.backups
    if payload.document is not None:
        content, what = _decoded(payload.document), "The file"
    elif payload.name is not None:
        content, what = await backups.read(payload.name), payload.name
    else:
        raise BadRequestError("“restore_backup” lacks the field “name” or “document”.")
    if not payload.sure:
        return RestoredBackup(plan=await backups.plan(content, what))
    allowed = payload.allow_new_address
    return RestoredBackup(restored=await backups.restore(content, what, allow_new_eui64=allowed))


def _decoded(document: str) -> bytes:
    try:
        return base64.b64decode(document, validate=True)
    except ValueError as error:  # not of base64's letters, or not even of ASCII's
        raise BadRequestError("“restore_backup”: the field “document” is not base64.") from error
